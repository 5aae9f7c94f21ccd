import { idOf, useForm, useProblem } from "./FormContext";
import { useHelp } from "./Marks";
import { set, unset } from "../tree/edit";
import type { Json } from "../tree/schema";
import type { Leaf } from "../tree/tree";

/** What all leaves share: label, help, problem, and how a value gets into the spec. */
export function useLeaf(node: Leaf) {
  const { root, edit, readOnly } = useForm();
  const help = useHelp(node);
  const problem = useProblem(node.key);
  const write = (value: Json | undefined) =>
    edit(value === undefined ? unset(root, node.path) : set(root, node.path, value));
  const control = {
    id: idOf(node.key),
    label: node.label,
    description: help.text,
    error: problem,
    required: node.source === "missing" && node.required,
    withAsterisk: node.required && node.implied === undefined,
    disabled: readOnly,
    size: "sm" as const,
    "data-changed": help.changed || undefined,
    inputWrapperOrder: ["label", "input", "error", "description"] as ("label" | "input" | "error" | "description")[],
  };
  return { control, write };
}
