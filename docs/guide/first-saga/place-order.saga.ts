import { saga } from '@tenon/core';
import { PlaceOrder } from './place-order';
import { ReserveStock, SendMail } from './place-order.handlers';

/** An order: stock is reserved and booked, then the customer gets a mail. Orders of one article run one after another. */
export const placeOrder = saga('place-order', {
  version: 1,
  input: PlaceOrder,
  key: (order) => order.sku,
})
  .tcc('stock', ReserveStock)
  .step('mail', SendMail, { mode: 'external' });
