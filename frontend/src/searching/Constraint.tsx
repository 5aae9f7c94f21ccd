import { useTradeoffs } from "../api/tradeoffs";
import { idOf, useForm, useProblem } from "../form/fields/FormContext";
import { Sentence } from "../ui/Sentence";
import { isMapping, type Json } from "../form/tree/schema";
import { LIVE } from "../study/words";
import { ConstraintInput } from "../tradeoffs/ConstraintInput";
import type { Units } from "../tradeoffs/fields";

/** What a trial must meet to count, in the words of the trade-offs. */
export default function Constraint({ study }: { study: Json }) {
  const { edit, forms, readOnly } = useForm();
  const problem = useProblem("constraint");
  const measured = useTradeoffs({ minimize: "bytes" });
  const known = forms.outline.properties?.["objectives"]?.items?.properties?.["measure"]?.examples ?? [];
  const names = known.map(String).filter((name) => !name.startsWith(LIVE));
  const units: Units = { ...Object.fromEntries(names.map((name) => [name, ""])), ...measured.data?.fields };
  const text = isMapping(study) && typeof study["constraint"] === "string" ? study["constraint"] : "";
  return (
    <ConstraintInput
      id={idOf("constraint")} description={<Sentence text={forms.outline.properties?.["constraint"]?.description ?? ""} />} text={text} units={units} points={measured.data?.points ?? []}
      error={problem} disabled={readOnly}
      onText={(typed) => edit(typed ? { act: "set", path: ["constraint"], value: typed } : { act: "unset", path: ["constraint"] })}
    />
  );
}
