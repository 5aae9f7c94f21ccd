import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";

import { CheckIcon, CopyIcon } from "../../ui/icons";

export function CopyYaml({ text }: { text: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : "Copy the YAML"}>
          <ActionIcon variant="subtle" color="gray" aria-label="Copy the YAML" onClick={copy}>
            {copied ? <CheckIcon /> : <CopyIcon />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
