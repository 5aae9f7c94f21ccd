import { Paper, Select, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";

import { ApiError } from "../api/client";
import { awaited } from "../api/awaited";
import { useTradeoffs, type Quality } from "../api/tradeoffs";
import type { Tradeoffs as Answered } from "../api/types";
import { Chart } from "../charts/Chart";
import { plotly } from "../charts/drawer";
import { count, plural, title as heading } from "../format";
import { stageLink } from "../form/spec/goal";
import { Answer } from "../tradeoffs/Answer";
import { ArtifactTable } from "../tradeoffs/ArtifactTable";
import { ConstraintBox } from "../tradeoffs/ConstraintBox";
import { withAnswer } from "../tradeoffs/answered";
import { unfinished, type Named } from "../tradeoffs/complete";
import { emphasize, pickedFrom } from "../tradeoffs/emphasize";
import { joined, ordered, titleOf, standard, type Units } from "../tradeoffs/fields";
import { chosenRuns } from "../tradeoffs/filter";
import { Filters, Tools } from "../tradeoffs/Filters";
import { useFreshness, useKnownRuns, usePareto, type Requested, type KnownRun, type Pareto } from "../tradeoffs/queries";
import { rowsOf, sorted } from "../tradeoffs/rows";
import classes from "../tradeoffs/tradeoffs.module.css";
import { useTradeoffsView, type TradeoffsView } from "../tradeoffs/view";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { useTheme } from "../ui/theme";

void plotly().catch(() => undefined); // its chart is the page: begin before the answer is here

const NO_RUNS: KnownRun[] = [];
/** An id that no run has: what a filter that fits nothing asks for. */
const NOTHING = "none";

/** Trade-offs: what every measured model costs and gains, and which of them meets a constraint. */
export default function Tradeoffs() {
  useDocumentTitle("Trade-offs · Lathe");
  const view = useTradeoffsView();
  const [answered, setAnswered] = useState(false);
  const filtered = view.runs.length > 0;
  const known = useKnownRuns(answered || filtered); // a question about all runs is answered and drawn before they are listed
  const runs = known.data ?? NO_RUNS;
  useFreshness(runs);
  const chosen = useMemo(() => chosenRuns(runs, view), [runs, view]);
  const ids = chosen.none && known.data ? NOTHING : chosen.ids;
  const { where, minimize, cost, quality, dataset, machine } = view;
  const requested = useMemo<Requested>(
    () => ({ dataset, machine, where, minimize, cost, quality: quality as Quality, runs: ids, models: view.models.join(","), formats: view.formats.join(","), devices: view.devices.join(",") }),
    [dataset, machine, where, minimize, cost, quality, ids, view.models, view.formats, view.devices],
  );
  const answer = useTradeoffs(requested);
  const refused = answer.error instanceof ApiError && answer.error.status === 422 ? answer.error : undefined;
  const error = answer.error ?? known.error;
  // While a constraint is being typed and does not parse, the last answer stays to be read, or the one without a constraint.
  const readable = useMemo(() => (refused ? { ...requested, where: "" } : requested), [requested, refused]);
  const plain = useTradeoffs(readable);
  // The figure does not depend on the constraint: what answers it is marked in the one that is there.
  const pareto = usePareto(useMemo(() => ({ ...requested, where: "" }), [requested]), useTheme(), ids !== NOTHING);
  useEffect(() => setAnswered(answer.isFetched && !pareto.isLoading), [answer.isFetched, pareto.isLoading]);
  const last = useRef<{ data: Answered; constrained: boolean }>(undefined);
  if (answer.data && !answer.isPlaceholderData) last.current = { data: answer.data, constrained: where !== "" };
  const data = last.current?.data ?? plain.data;
  const constrained = (last.current?.constrained ?? false) && !refused && data?.offer === "";

  return (
    <div className={classes.page}>
      <Title order={1}>Trade-offs</Title>
      {error && !refused && !data ? (
        <Failure what="The measured models" error={error} retry={() => void Promise.all([answer.refetch(), known.refetch()])} />
      ) : data ? (
        <Answers view={view} runs={runs} pareto={pareto} cut={chosen.cut} answer={data} constrained={constrained} refused={refused} asking={answer.isFetching} />
      ) : (
        <Loading what="the measured models" />
      )}
    </div>
  );
}

const NO_UNITS: Units = {};

interface AnswersProps {
  view: TradeoffsView;
  runs: KnownRun[];
  pareto: Pareto;
  cut: number | undefined;
  answer: Answered;
  /** Whether it answers a constraint. */
  constrained: boolean;
  refused: ApiError | undefined;
  asking: boolean;
}

function Answers({ view, runs, pareto, cut, answer, constrained, refused, asking }: AnswersProps) {
  const units: Units = answer.fields ?? NO_UNITS;
  const ranked = useMemo(() => rowsOf(answer), [answer]);
  const rows = useMemo(() => sorted(ranked, view.sort), [ranked, view.sort]);
  const named = useMemo(() => namesIn(answer), [answer]);
  const colors = useMemo(() => new Map(runs.map(({ id, color }) => [id, color])), [runs]);
  const first = ranked[0]?.standing === "best" || ranked[0]?.standing === "nearest" ? ranked[0] : undefined;
  const wrong = refused && !unfinished(view.where, units, named) ? refused.message : undefined;
  const columns = useMemo(
    () => (view.columns.length > 0 ? view.columns : standard(units, view.minimize, answer.quality)),
    [view.columns, units, view.minimize, answer.quality],
  );

  if (runs.length === 0 && answer.points.length === 0 && !refused)
    return (
      <Empty pending={asking && "the measured models"} title="Nothing has been measured yet" action={{ label: "Start an experiment", href: "/new" }}>
        Every stage that ends leaves a file whose accuracy, size and speed are measured. They meet here.
      </Empty>
    );
  return (
    <>
      <Paper className={classes.panel} component="section" aria-label="Question">
        <Filters view={view} known={runs} answer={answer} />
        <ConstraintBox view={view} units={units} points={answer.points} named={named} quality={answer.quality} qualities={answer.qualities} error={refused?.message} />
        <Answer
          sentence={wrong ?? answer.sentence} first={wrong ? undefined : first} asking={asking}
          stage={constrained && first ? stageLink(first.run_id, view.where, view.minimize) : undefined}
          offer={wrong ? undefined : answer.offer} onOffer={(bound) => view.change({ where: joined(view.where, bound) })}
        />
      </Paper>
      <ParetoChart view={view} data={pareto.data} error={pareto.error} retry={pareto.refetch} pending={awaited(pareto)} units={units} quality={answer.quality} rows={ranked} colors={colors} constrained={constrained} />
      <Paper component="section" aria-label="Artifacts">
        <div className={classes.bar}>
          <Text size="xs" c="dimmed" className={classes.about}>
            <About answer={answer} shown={rows.length} minimize={view.minimize} cut={cut} />
          </Text>
          <Tools minimize={view.minimize} change={view.change} shown={columns} units={units} answer={answer} rows={rows} />
        </div>
        <ArtifactTable rows={rows} columns={columns} units={units} colors={colors} constrained={constrained} sort={view.sort} change={view.change} />
      </Paper>
    </>
  );
}

/** What a constraint may name. */
const namesIn = ({ datasets, models, machines, formats = [] }: Answered): Named => ({ dataset: datasets.map(({ key }) => key), model: models, machine: machines, format: formats });

interface AboutProps {
  answer: Answered;
  shown: number;
  minimize: string;
  cut: number | undefined;
}

/** What the table holds, and how its models may be compared. */
function About({ answer, shown, minimize, cut }: AboutProps) {
  const { total, dataset, datasets, quality, note } = answer;
  const title = datasets.find(({ key }) => key === dataset)?.title ?? (dataset === "any" ? "all data sets" : dataset);
  return (
    <>
      {plural(total, "measured artifact")} of {title}
      {total > shown && `, ${count(shown)} of them shown: the front, the best or the nearest, and a spread of the rest`}. Faded models are dominated: another one beats them in both{" "}
      {titleOf(quality)} and {titleOf(minimize)}. {quality !== "accuracy" && `How sure a measured ${titleOf(quality)} is, is not known. `}
      {note}
      {cut !== undefined && ` ${cut} runs fit; the newest 100 are asked about.`}
    </>
  );
}

interface ParetoChartProps {
  view: TradeoffsView;
  data: Pareto["data"];
  error: Pareto["error"];
  retry: Pareto["refetch"];
  pending: boolean;
  units: Units;
  quality: string;
  rows: ReturnType<typeof rowsOf>;
  colors: ReadonlyMap<string, string>;
  constrained: boolean;
}

const ParetoChart = memo(function ParetoChart({ view, data, error, retry, pending, units, quality, rows, colors, constrained }: ParetoChartProps) {
  const [, navigate] = useLocation();
  const known = useRef(colors);
  known.current = colors; // a colour that is known later is no reason to draw again
  const { cost } = view;
  const figure = useMemo(() => {
    if (!data || !constrained) return data;
    return emphasize(withAnswer(data, rows, { cost, quality, units, colors: known.current }), rows, true);
  }, [data, rows, constrained, cost, quality, units]);
  const costs = [...new Set([...ordered(units, view.minimize).filter((field) => units[field] !== "share" && field !== quality), view.cost])];
  const { drawn = 0, of = 0 } = (figure?.layout.meta ?? {}) as { drawn?: number; of?: number };
  const open = (about: unknown) => {
    const picked = pickedFrom(about);
    if (picked) navigate(`/runs/${picked.run}#stage-${picked.stage}`);
  };
  return (
    <Chart
      title={`${heading(titleOf(quality))} against ${titleOf(view.cost)}`} figure={figure} error={error} retry={() => void retry()} pending={pending} height={420} onPick={open}
      empty="No measured model fits the filters."
      controls={
        <>
          {drawn < of && (
            <Text size="xs" c="dimmed" title="All of the front, the best and the nearest are drawn, and of the others one in each place.">
              {count(drawn)} of {count(of)} points drawn
            </Text>
          )}
          <Select
            size="xs" aria-label="Horizontal axis" data={costs.map((field) => ({ value: field, label: titleOf(field) }))} value={view.cost}
            allowDeselect={false} searchable onChange={(cost) => view.change({ cost: cost === view.minimize ? null : cost })}
          />
        </>
      }
    />
  );
});
