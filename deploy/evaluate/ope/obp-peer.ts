import { type PythonPeer, startPythonPeer } from '../../bench/peer.ts';

/** A log of the synthetic task of the Open Bandit Pipeline. */
export interface SyntheticLog {
  readonly context: readonly (readonly number[])[];
  readonly action: readonly number[];
  readonly reward: readonly number[];
  /** Of the action, by the policy that logged. */
  readonly propensity: readonly number[];
  /** Expected reward of every action, by round. */
  readonly expected: readonly (readonly number[])[];
}

export interface SyntheticTask {
  readonly actions: number;
  /** Numbers of the context. */
  readonly dim: number;
  readonly seed: number;
  readonly rounds: number;
  /** Inverse temperature of the policy that logs, by the expected rewards; 0 for a uniform one. */
  readonly beta: number;
}

/** Starts the process with the Open Bandit Pipeline and Vowpal Wabbit. */
export function startObpPeer(): Promise<PythonPeer> {
  return startPythonPeer('peer:obp', new URL('./obp_peer.py', import.meta.url));
}

export function syntheticLog(peer: PythonPeer, task: SyntheticTask): Promise<SyntheticLog> {
  return peer.ask<SyntheticLog>({ task: 'synthetic', ...task });
}
