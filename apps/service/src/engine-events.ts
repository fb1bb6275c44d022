import type { EngineObserver } from '@tenon/engine';

/** Passes on what the engine of this process does to everybody in it who wants to know. */
export class EngineEvents implements Required<EngineObserver> {
  private readonly observers: EngineObserver[] = [];

  subscribe(observer: EngineObserver): void {
    this.observers.push(observer);
  }

  transitionsRecorded: Required<EngineObserver>['transitionsRecorded'] = (saga, transitions) =>
    this.observers.forEach((observer) => observer.transitionsRecorded?.(saga, transitions));

  sagaEnded: Required<EngineObserver>['sagaEnded'] = (saga, state) =>
    this.observers.forEach((observer) => observer.sagaEnded?.(saga, state));

  sagaPaused: Required<EngineObserver>['sagaPaused'] = (saga) =>
    this.observers.forEach((observer) => observer.sagaPaused?.(saga));

  stepCalled: Required<EngineObserver>['stepCalled'] = (call) =>
    this.observers.forEach((observer) => observer.stepCalled?.(call));

  sessionLapsed: Required<EngineObserver>['sessionLapsed'] = () =>
    this.observers.forEach((observer) => observer.sessionLapsed?.());
}
