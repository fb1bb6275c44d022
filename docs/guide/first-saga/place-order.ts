import { z } from 'zod';

/** What is ordered. Checked when the saga is started, and again before it runs. */
export const PlaceOrder = z.object({
  orderId: z.string().min(1),
  sku: z.string().min(1),
  quantity: z.number().int().positive(),
});

export type PlaceOrder = z.infer<typeof PlaceOrder>;
