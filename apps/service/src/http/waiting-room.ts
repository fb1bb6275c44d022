import type { RequestListener } from 'node:http';
import { sendProblem } from './problem';

/** Answers while the application boots, or waits for its database: it lives, and is not ready. */
export const waitingRoom: RequestListener = (request, response) => {
  if (request.url?.split('?')[0] === '/health/live') {
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(JSON.stringify({ status: 'ok', info: {}, error: {}, details: {} }));
    return;
  }
  sendProblem(response, {
    status: 503,
    detail: 'The service is starting: it waits for its database. Send the request again.',
  });
};
