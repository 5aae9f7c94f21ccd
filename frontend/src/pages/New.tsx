import { useDocumentTitle } from "@mantine/hooks";
import { useMemo } from "react";

import { useCatalog, useExperimentSchema } from "../api/catalog";
import { awaited } from "../api/awaited";
import { outlineOf, type Catalog, type Forms } from "../form/tree/schema";
import { Workbench } from "../form/Workbench";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { StaleCatalog } from "../ui/StaleCatalog";

/** New experiment: templates, the form beside its YAML, what is wrong, what it costs, and go. */
export default function New() {
  const catalog = useCatalog();
  const schema = useExperimentSchema();
  const forms = useMemo<Forms | undefined>(
    () => (catalog.data && schema.data ? { outline: outlineOf(schema.data), catalog: catalog.data as unknown as Catalog } : undefined),
    [catalog.data, schema.data],
  );
  useDocumentTitle("New experiment · Lathe");
  const error = catalog.error ?? schema.error;
  if (forms && forms.catalog.entries.length > 0)
    return (
      <>
        <StaleCatalog stale={catalog.data?.stale} />
        <Workbench forms={forms} />
      </>
    );
  if (forms)
    return (
      <Empty pending={awaited(catalog) && "the form"} title="No worker has announced itself yet">
        The form is drawn from what the workers can do. It appears here as soon as the first one is ready, usually within seconds.
      </Empty>
    );
  if (error) return <Failure what="The form" error={error} retry={() => void Promise.all([catalog.refetch(), schema.refetch()])} />;
  return <Loading what="the form" />;
}
