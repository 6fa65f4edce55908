"""Grafana cannot be started here: what the role renders for it has the keys that its documentation has, and no other.

https://grafana.com/docs/grafana/latest/administration/provisioning/ and .../setup-grafana/configure-grafana/
"""

import configparser

import yaml

from content import TOP, load
from test_rendered import rendered  # noqa: F401 (a fixture)

DATA_SOURCES = {"apiVersion", "prune", "deleteDatasources", "datasources"}
DATA_SOURCE = {"name", "type", "access", "orgId", "uid", "url", "user", "database", "basicAuth", "basicAuthUser", "withCredentials",
               "isDefault", "jsonData", "secureJsonData", "version", "editable"}
JSON_DATA = {
    "prometheus": {"httpMethod", "timeInterval", "queryTimeout", "manageAlerts", "prometheusType", "prometheusVersion", "cacheLevel",
                   "disableMetricsLookup", "incrementalQuerying", "customQueryParameters", "exemplarTraceIdDestinations",
                   "tlsAuth", "tlsAuthWithCACert", "tlsSkipVerify", "serverName"},
    "alertmanager": {"implementation", "handleGrafanaManagedAlerts", "tlsAuth", "tlsAuthWithCACert", "tlsSkipVerify", "serverName"},
}
SECURE = {"tlsCACert", "tlsClientCert", "tlsClientKey", "basicAuthPassword", "password"}
PROVIDERS = {"apiVersion", "providers"}
PROVIDER = {"name", "orgId", "folder", "folderUid", "type", "disableDeletion", "updateIntervalSeconds", "allowUiUpdates", "options"}
INI = {
    "server": {"protocol", "min_tls_version", "http_addr", "http_port", "domain", "enforce_domain", "root_url", "serve_from_sub_path",
               "router_logging", "enable_gzip", "cert_file", "cert_key", "certs_watch_interval", "read_timeout"},
    "security": {"admin_user", "admin_password", "admin_email", "secret_key", "disable_gravatar", "cookie_secure", "cookie_samesite",
                 "allow_embedding", "strict_transport_security", "content_security_policy", "x_content_type_options"},
    "users": {"allow_sign_up", "allow_org_create", "auto_assign_org", "auto_assign_org_role", "default_theme", "viewers_can_edit"},
    "auth.anonymous": {"enabled", "org_name", "org_role"},
    "analytics": {"enabled", "reporting_enabled", "check_for_updates", "check_for_plugin_updates", "feedback_links_enabled"},
    "snapshots": {"enabled", "external_enabled"},
    "plugins": {"plugin_admin_enabled", "preinstall_disabled", "preinstall", "enable_alpha"},
    "metrics": {"enabled", "interval_seconds", "disable_total_stats"},
    "log": {"mode", "level", "filters"},
    "log.console": {"level", "format"},
}


def config(rendered):  # noqa: F811
    return rendered / "monitor1/srv/grafana/config"


def test_data_sources_have_documented_keys_and_mutual_tls(rendered):  # noqa: F811
    found = yaml.safe_load((config(rendered) / "provisioning/datasources/platform.yml").read_text())
    assert set(found) <= DATA_SOURCES and found["apiVersion"] == 1
    for source in found["datasources"]:
        assert set(source) <= DATA_SOURCE, source["name"]
        assert set(source["jsonData"]) <= JSON_DATA[source["type"]], source["name"]
        assert set(source["secureJsonData"]) <= SECURE, source["name"]
        assert source["url"].startswith("https://") and source["access"] == "proxy"
        options = source["jsonData"]
        assert options["tlsAuth"] and options["tlsAuthWithCACert"] and not options["tlsSkipVerify"]
        assert options["serverName"] == source["url"].split("/")[2].split(":")[0]
        # Keys stay in files.
        assert all(value.startswith("$__file{/") for value in source["secureJsonData"].values())
    assert [source["uid"] for source in found["datasources"] if source.get("isDefault")] == ["prometheus"]


def test_the_dashboards_are_provided_from_where_the_container_has_them(rendered):  # noqa: F811
    found = yaml.safe_load((config(rendered) / "provisioning/dashboards/platform.yml").read_text())
    assert set(found) <= PROVIDERS and found["apiVersion"] == 1
    mounts = [volume.split(":") for volume in load(TOP / "roles/grafana/defaults/main.yml")["grafana_services"]["grafana"]["volumes"]]
    for provider in found["providers"]:
        assert set(provider) <= PROVIDER
        assert set(provider["options"]) <= {"path", "foldersFromFilesStructure"}
        assert provider["options"]["path"] in [mount[1] for mount in mounts]
    assert list((rendered / "monitor1/srv/grafana/dashboards").glob("*.json"))


def test_the_main_configuration_has_documented_keys_and_no_secret(rendered):  # noqa: F811
    text = (config(rendered) / "grafana.ini").read_text()
    found = configparser.ConfigParser(interpolation=None)
    found.read_string("[DEFAULT]\n" + text)
    assert set(found.defaults()) <= {"app_mode", "instance_name"}
    for section in found.sections():
        keys = set(found[section]) - set(found.defaults())
        assert keys <= INI[section], (section, keys - INI[section])
    assert found["server"]["protocol"] == "https"
    assert found["security"]["admin_password"].startswith("$__file{/")
