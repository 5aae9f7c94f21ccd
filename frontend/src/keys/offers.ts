import { type ComponentType, useEffect, useRef, useSyncExternalStore } from "react";

/** Something that a page lets one do: its button is drawn from it, and the palette lists it. */
export type Action = {
  label: string;
  /** What the palette calls it, where the label alone says too little away from its button. */
  description?: string;
  icon?: ComponentType<{ size?: number }>;
  title?: string;
  /** Whether it is what one most likely wants. */
  strong?: boolean;
} & ({ press: () => void; href?: undefined } | { href: string; download?: string; press?: undefined });

export interface Offer {
  /** What the actions are done to: "This run". */
  of: string;
  actions: readonly Action[];
}

const offered = new Map<object, Offer>();
const listeners = new Set<() => void>();
let all: readonly Offer[] = [];

function publish(): void {
  all = [...offered.values()];
  for (const listener of listeners) listener();
}

/** Lets the palette do what the component lets one do, for as long as it is on the page. */
export function useOffer(of: string, actions: readonly Action[]): void {
  const own = useRef({}).current;
  useEffect(() => {
    offered.set(own, { of, actions });
    publish();
  });
  useEffect(
    () => () => {
      offered.delete(own);
      publish();
    },
    [own],
  );
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What the page that is open offers now. */
export const useOffers = (): readonly Offer[] => useSyncExternalStore(subscribe, () => all);
