import type { components } from "./schema";

type Schemas = components["schemas"];

export type RunRow = Schemas["RunRow"];
export type RunDetail = Schemas["RunDetail"];
export type Relative = Schemas["Relative"];
export type ChartRow = Schemas["ChartRow"];
export type RunPage = Schemas["RunPage"];
export type RunState = Schemas["RunState"];
export type StageSummary = Schemas["StageSummary"];
export type StageResult = Schemas["StageResult"];
export type ArtifactMeasure = Schemas["ArtifactMeasure"];
export type ArtifactRow = Schemas["ArtifactRow"];
export type StreamEvent = Schemas["StreamEvent"];
export type Columns = Schemas["Columns"];
export type QueueView = Schemas["QueueView"];
export type WorkerRow = Schemas["WorkerRow"];
export type Template = Schemas["Template"];
export type Catalog = Schemas["CatalogNow"];
export type SpecChecked = Schemas["SpecChecked"];
export type ExperimentCreated = Schemas["ExperimentCreated"];
export type UploadRow = Schemas["UploadRow"];
export type UploadDetail = Schemas["UploadDetail"];
export type CatalogEntry = Schemas["CatalogEntry"];
export type Tradeoffs = Schemas["Tradeoffs"];
export type TradeoffPoint = Schemas["TradeoffPoint"];
