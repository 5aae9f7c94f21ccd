import { Table, Tooltip } from "@mantine/core";

import { count, ms, number, percent, shortCount } from "../format";
import { BusyMark } from "../ui/BusyMark";
import type { Latency, TimeComparison } from "./results";
import { Sub } from "./Sub";

interface TimedProps {
  time: Latency | null;
  beside: TimeComparison | null;
  meter: string | null | undefined;
}

/** Times of a file at one batch size: those of the undisturbed calls, beside the first stage's. */
export function Timed({ time, beside, meter }: TimedProps) {
  if (!time) return <Table.Td>–</Table.Td>;
  return (
    <Table.Td>
      <Tooltip multiline maw={420} events={{ hover: true, focus: true, touch: true }} label={about(time, meter)}>
        <span tabIndex={0}>{ms(time.p50_ms)}</span>
      </Tooltip>
      {beside && <Sub>{beside.change}{between(beside)}</Sub>}
      <Sub>
        p95 {ms(time.p95_ms)}
        {beside && ` · ${beside.p95_change}`}
      </Sub>
      {time.busy && <BusyMark disturbed={time.disturbed} />}
    </Table.Td>
  );
}

/** The interval of the ratio, where the two files were timed in alternating rounds. */
export const between = ({ interval }: Pick<TimeComparison, "interval">): string =>
  interval ? ` (${interval.low.toFixed(2)} to ${interval.high.toFixed(2)}x)` : "";

/** How a time was measured, and how sure it is. */
export function about(time: Latency, meter: string | null | undefined): string {
  const seen = time.disturbed == null || time.p50_seen_ms == null ? [] : [
    `${percent(time.disturbed)} of the calls disturbed by other work`,
    `as seen: p50 ${ms(time.p50_seen_ms)}, p95 ${ms(time.p95_seen_ms)}`,
    ...(time.others_busy == null ? [] : [`other programs kept ${number(time.others_busy, 2)} processors busy`]),
  ];
  return [
    `p50 of ${count(time.calls)} calls${range(time.p50_interval_ms)}; p95${range(time.p95_interval_ms)}`,
    `quartiles ${ms(time.spread_ms)} apart`,
    `${shortCount(time.samples_per_s)} samples/s`,
    ...seen,
    ...(time.ended === "budget" ? ["not settled when the time was over"] : []),
    time.energy_mj == null ? "no counter of energy can be read there" : `${number(time.energy_mj)} mJ a sample (${meter ?? ""})`,
  ].join("; ");
}

const range = (interval: Latency["p50_interval_ms"]): string => (interval ? `, 95 % interval ${ms(interval.low)} to ${ms(interval.high)}` : "");
