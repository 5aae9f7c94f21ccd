import { Slider, Switch } from "@mantine/core";
import { useId } from "react";
import { useUrlState } from "../ui/url";
import classes from "./Chart.module.css";
import type { View } from "./present";

/** How the reader wants curves to be shown, from the address. */
export function useView(): Required<Pick<View, "smoothing" | "logY" | "clip">> {
  const [params] = useUrlState();
  return {
    smoothing: Math.min(0.99, Math.max(0, Number(params.get("smooth")) || 0)),
    logY: params.get("log") === "1",
    clip: params.get("clip") === "1",
  };
}

/** How curves are shown: smoothed over their faint raw trace, on a logarithmic axis, without far values. */
export function ViewControls() {
  const label = useId();
  const { smoothing, logY, clip } = useView();
  const [, change] = useUrlState();
  return (
    <div className={classes.view}>
      <span id={label}>Smoothing</span>
      <Slider
        className={classes.slider}
        size="sm"
        min={0}
        max={0.99}
        step={0.01}
        label={(weight) => weight.toFixed(2)}
        value={smoothing}
        onChange={(weight) => change({ smooth: weight ? weight.toFixed(2) : null })}
        thumbProps={{ "aria-labelledby": label }}
      />
      <span className={classes.weight}>{smoothing.toFixed(2)}</span>
      <Switch
        size="xs"
        label="Log loss"
        checked={logY}
        onChange={({ currentTarget }) => change({ log: currentTarget.checked ? "1" : null })}
      />
      <Switch
        size="xs"
        label="Ignore outliers"
        checked={clip}
        onChange={({ currentTarget }) => change({ clip: currentTarget.checked ? "1" : null })}
      />
    </div>
  );
}
