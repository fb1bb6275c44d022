import { toJsonText, type AuditEntry } from '@tenon/core';

/** The widths of the columns of `admin_audit`. What is longer is cut: an entry must never keep a verb from being done. */
const WIDTHS = { actor: 190, role: 16, verb: 32, target: 190 };

/** The values of an audit row: actor, role, verb, target, reason, detail as JSON text or null. */
export function auditValues(entry: AuditEntry): readonly (string | null)[] {
  return [
    cut(entry.actor, WIDTHS.actor),
    cut(entry.role, WIDTHS.role),
    cut(entry.verb, WIDTHS.verb),
    cut(entry.target, WIDTHS.target),
    entry.reason === null ? null : storableText(entry.reason),
    entry.detail === null ? null : toJsonText('The detail of an audit row', entry.detail),
  ];
}

/** What no database stores is shown as such. */
export function storableText(text: string): string {
  return text.replaceAll(/\0|\p{Surrogate}/gu, '\uFFFD');
}

export function cut(text: string, lengthMax: number): string {
  return Array.from(storableText(text)).slice(0, lengthMax).join('');
}
