import { z } from 'zod';
import { amountFault } from '../transfers/transfer';

/** What each account has to begin with: decimal text, zero included. No default: accounts that are open are left alone. */
export const AccountImportQuery = z.strictObject({
  openingBalance: z
    .string({ error: 'give the opening balance once, like ?openingBalance=10000.00' })
    .refine((text) => /^0+(\.0{1,2})?$/.test(text) || amountFault(text) === null, {
      error: 'must be decimal text such as 10000.00, with at most 16 digits and two decimals',
    }),
});

const RefusedLine = z.object({ line: z.number(), reason: z.string() });

/** What became of the lines of an import. */
export const RefusedAnswer = {
  refused: z.array(RefusedLine).describe('At most 1,000 of them.'),
  refusedCount: z.number().describe('All of them.'),
};

export const AccountImportAnswer = z.object({
  opened: z.number(),
  existing: z.number().describe('Accounts that were open already, and were left as they are.'),
  ...RefusedAnswer,
});

export const AccountView = z.object({
  id: z.string(),
  openingBalance: z.string(),
  balance: z.string(),
  reserved: z.string().describe('Promised to transfers that are under way.'),
});
export type AccountView = z.infer<typeof AccountView>;
