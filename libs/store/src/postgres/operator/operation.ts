import type { OperationDetails } from '@tenon/core';
import { isId } from '../../operator/page';
import type { Database } from '../database';
import { FIND_OPERATION } from './operator-sql';
import { operationDetails, type OperationRow } from './rows';

/** One operation in full, or null. */
export async function findOperation(
  database: Database,
  id: string,
): Promise<OperationDetails | null> {
  if (!isId(id)) return null;
  const [row] = await database.read<OperationRow>(FIND_OPERATION, [id]);
  return row === undefined ? null : operationDetails(row);
}
