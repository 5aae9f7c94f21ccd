import { createContext, createElement, useContext, type ReactNode } from "react";

import type { Edit } from "../tree/edit";
import type { Path } from "../tree/path";
import type { Placed } from "../tree/problems";
import { Sentence } from "../../ui/Sentence";
import type { Forms, Json } from "../tree/schema";
import type { Group } from "../tree/tree";

/** What every field of the form knows: the whole tree, how to change the spec, what is wrong with it. */
export interface FormState {
  root: Group;
  forms: Forms;
  edit: (edit: Edit) => void;
  problems: readonly Placed[];
  messages: ReadonlyMap<string, string>;
  /** What stood at a path in the spec that this one began from, defaults filled in; undefined when it began from none. */
  original: ((path: Path) => Json | undefined) | undefined;
  /** The field that is to be shown and focused, told again with each request. */
  sought: { key: string } | undefined;
  readOnly: boolean;
}

export const FormContext = createContext<FormState | undefined>(undefined);

/** What is wrong at a field, to be shown there; undefined when nothing is. */
export function useProblem(key: string): ReactNode {
  const text = useForm().messages.get(key);
  return text && createElement(Sentence, { text });
}

export function useForm(): FormState {
  const state = useContext(FormContext);
  if (!state) throw new Error("A field is drawn outside of its form.");
  return state;
}

/** Id of the control that a path's problems lead to. */
export function idOf(key: string): string {
  return `field-${key}`;
}
