// Which of Grafana's types our dashboards are checked against: the dashboard itself, and what each kind of panel takes.
import { Dashboard } from './node_modules/@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen';
import * as stat from './node_modules/@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import * as table from './node_modules/@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import * as timeseries from './node_modules/@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

export interface Used {
  dashboard: Dashboard;
  statOptions: stat.Options;
  tableOptions: table.Options;
  tableCustom: table.FieldConfig;
  timeseriesOptions: timeseries.Options;
  timeseriesCustom: timeseries.FieldConfig;
}
