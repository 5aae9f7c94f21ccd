import { Button, CopyButton } from "@mantine/core";
import { useMemo } from "react";
import type { RunDetail } from "../api/types";
import { write } from "../form/spec/document";
import type { Json } from "../form/tree/schema";
import { CheckIcon, CopyIcon } from "../ui/icons";
import classes from "./run.module.css";

/** The spec as it was run, with this run's seed and every default filled in, as YAML. */
export default function SpecText({ run }: { run: RunDetail }) {
  const yaml = useMemo(() => write({ ...run.spec, seed: run.seed } as unknown as Json), [run.spec, run.seed]);
  return (
    <div className={classes.spec}>
      <CopyButton value={yaml}>
        {({ copied, copy }) => (
          <Button
            size="compact-xs"
            variant="default"
            className={classes.copy}
            leftSection={copied ? <CheckIcon size={12} /> : <CopyIcon size={12} />}
            onClick={copy}
          >
            {copied ? "Copied" : "Copy"}
          </Button>
        )}
      </CopyButton>
      <pre tabIndex={0} aria-label="Spec as YAML">
        {yaml}
      </pre>
    </div>
  );
}
