import { useEffect, useMemo, useState } from "react";

import type { FormState } from "./FormContext";
import { marksOf } from "../spec/marks";
import { messages, place, type Problem } from "../tree/problems";
import type { Forms } from "../tree/schema";
import { seek } from "./seek";
import type { useSpec } from "../spec/useSpec";

/** What the fields of a form share, with each of the server's problems brought to its field and to its place in the text. */
export function useFormState(spec: ReturnType<typeof useSpec>, forms: Forms, found: readonly Problem[]) {
  const [sought, setSought] = useState<{ key: string }>();
  useEffect(() => sought && seek(sought.key), [sought]);
  const problems = useMemo(() => place(distinct(found), spec.root), [found, spec.root]);
  const marks = useMemo(() => marksOf(spec.draft.text, spec.parsed.error ? [{ path: "", message: "" }] : problems), [spec.draft.text, spec.parsed, problems]);
  const state: FormState = {
    root: spec.root, forms, edit: spec.edit, problems, messages: useMemo(() => messages(problems), [problems]),
    original: spec.original, sought, readOnly: spec.parsed.error !== undefined,
  };
  return { state, problems, marks, find: (key: string) => setSought({ key }) };
}

function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.path} ${problem.message}`, problem])).values()];
}
