import { Checkbox, Stack, Text } from "@mantine/core";
import { useEffect } from "react";

import { useTemplates } from "../../api/templates";
import { plural, words } from "../../format";
import { isMapping, type Json } from "../tree/schema";
import { isExplored, orderings } from "./ordering";

interface OrdersProps {
  stages: readonly Json[];
  /** Id of the template that the form was filled from, which may say what it explores. */
  template: string | undefined;
  chosen: readonly number[];
  onChoose: (indexes: number[]) => void;
}

/** Which stages are to be tried in every order. */
export default function Orders({ stages, template, chosen, onChoose }: OrdersProps) {
  const { data } = useTemplates();
  const proposed = data?.find(({ id }) => id === template)?.orders;
  useEffect(() => onChoose(proposed ?? []), [proposed, onChoose]);
  return (
    <Checkbox.Group
      label="Explore the order of stages" size="xs"
      description="Every order of those that are ticked is run; what orders have in common at their beginning is computed once."
      value={chosen.map(String)} onChange={(values) => onChoose(values.map(Number).sort((a, b) => a - b))}
    >
      <Stack gap={6} mt="xs">
        {stages.map((stage, index) => (
          <Checkbox key={index} size="xs" value={String(index)} label={`${index + 1} · ${named(stage)}`} />
        ))}
      </Stack>
      {isExplored(chosen) && (
        <Text size="xs" c="dimmed" mt={6}>
          At most {plural(orderings(chosen.length), "run")} for each seed; orders that do not fit are left out.
        </Text>
      )}
    </Checkbox.Group>
  );
}

function named(stage: Json): string {
  if (!isMapping(stage)) return words(String(stage));
  const method = stage.method;
  const about = isMapping(method) ? method.kind : method;
  return words([stage.kind, about].filter((part) => typeof part === "string").join(": "));
}
