import type { IncomingMessage } from 'node:http';
import { UnsupportedMediaTypeException } from '@nestjs/common';

/** Bodies of these kinds are not the file itself. */
const WRAPPED = /^(application\/json|multipart\/)/i;

/**
 * The body of a request as it comes in, for files of any size: nothing is read before it is asked for.
 *
 * @throws UnsupportedMediaTypeException when the body is not the plain file
 */
export function uploadOf(request: IncomingMessage): AsyncIterable<Buffer> {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  if (WRAPPED.test(type)) {
    throw new UnsupportedMediaTypeException(
      `A body of the type ${type.slice(0, 60)} is no file. Send the file itself: content-type: text/csv.`,
    );
  }
  if (encoding.toLowerCase() !== 'identity') {
    throw new UnsupportedMediaTypeException('Send the file as it is, not compressed.');
  }
  // Whoever stops in the middle still wants to answer: the stream stays open.
  return request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
}
