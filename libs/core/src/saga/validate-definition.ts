import { retryFaults } from '../retry/backoff';
import type { SagaDefinition, Step } from './definition';

/** Saga types and step names: letters, digits, `_`, `-`, `.`, at most 100 characters, beginning with a letter. */
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,99}$/;

/** A longer time-out is refused: `setTimeout` would wrap around and fire at once. */
export const TIMEOUT_MS_MAX = 2_147_483_647;

/** Everything that is wrong with a definition, in words; an empty list when nothing is. */
export function definitionFaults(
  definition: Pick<SagaDefinition, 'type' | 'version' | 'steps'>,
): readonly string[] {
  const faults: string[] = [];
  if (!NAME.test(definition.type)) faults.push(`its type must match ${String(NAME)}`);
  if (
    !Number.isInteger(definition.version) ||
    definition.version < 1 ||
    definition.version > 2 ** 31 - 1
  ) {
    faults.push(`its version must be a whole number from 1, not ${String(definition.version)}`);
  }
  definition.steps.forEach((step, index) => {
    if (definition.steps.findIndex((other) => other.name === step.name) < index) {
      faults.push(`two steps are named "${step.name}"; give each its own name`);
    }
    faults.push(...stepFaults(step).map((fault) => `step "${step.name}": ${fault}`));
  });
  if (branchesAreApart(definition.steps)) {
    faults.push(
      'its TCC branches must stand next to each other: they are decided together. Move the step in between.',
    );
  }
  return faults;
}

function stepFaults(step: Step): readonly string[] {
  const faults = [...retryFaults(step.retry)];
  if (!NAME.test(step.name)) faults.push(`its name must match ${String(NAME)}`);
  if (!(step.timeoutMs > 0 && step.timeoutMs <= TIMEOUT_MS_MAX)) {
    faults.push(`timeoutMs must lie between 1 and ${TIMEOUT_MS_MAX}`);
  }
  if (typeof step.handler !== 'function') {
    faults.push(
      'it has no handler class; is there a circular import between the saga and its handlers?',
    );
  }
  return faults;
}

function branchesAreApart(steps: readonly Step[]): boolean {
  const kinds = steps.map((step) => step.kind);
  return kinds.slice(kinds.indexOf('tcc'), kinds.lastIndexOf('tcc') + 1).includes('action');
}
