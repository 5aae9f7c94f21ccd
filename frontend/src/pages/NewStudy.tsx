import { Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useMemo } from "react";

import { useCatalog, useExperimentSchema } from "../api/catalog";
import { awaited } from "../api/awaited";
import { useStudySchema } from "../api/studies";
import { outlineOf, type Catalog, type Forms } from "../form/tree/schema";
import page from "../form/workbench.module.css";
import { StudyWorkbench } from "../searching/StudyWorkbench";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { StaleCatalog } from "../ui/StaleCatalog";

/** New study: what is searched, over which fields, for what, and how. */
export default function NewStudy() {
  useDocumentTitle("New study · Lathe");
  const catalog = useCatalog();
  const study = useStudySchema();
  const experiment = useExperimentSchema();
  const forms = useForms(catalog.data, study.data);
  const ofExperiments = useForms(catalog.data, experiment.data);
  const error = catalog.error ?? study.error ?? experiment.error;
  return (
    <div className={page.page}>
      <div className={page.column}>
        <Title order={1}>New study</Title>
        <StaleCatalog stale={catalog.data?.stale} />
        {forms && ofExperiments ? (
          <StudyWorkbench forms={forms} experiment={ofExperiments} />
        ) : error ? (
          <Failure what="The form" error={error} retry={() => void Promise.all([catalog.refetch(), study.refetch(), experiment.refetch()])} />
        ) : catalog.data ? (
          <Empty pending={awaited(catalog) && "the form"} title="No worker has announced itself yet">The form is drawn from what the workers can do. It appears here as soon as the first one is ready.</Empty>
        ) : (
          <Loading what="the form" />
        )}
      </div>
    </div>
  );
}

function useForms(catalog: unknown, schema: unknown): Forms | undefined {
  return useMemo(() => {
    const known = catalog as Catalog | undefined;
    return known?.entries.length && schema ? { outline: outlineOf(schema), catalog: known } : undefined;
  }, [catalog, schema]);
}
