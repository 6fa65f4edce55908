"""The demo's hosts are one machine: who asks them for containers is told what to do, before anything is done."""

from content import PROVISION, copy_of_content, run


def test_demo_hosts_that_are_asked_for_containers_name_the_inventory_for_that(tmp_path):
    tree = copy_of_content(tmp_path / "tree")
    code, output = run([PROVISION, "apply", "-i", "inventory", "-e", "platform_containers=true"], cwd=tree)
    assert code == 2, output[-1500:]
    said = " ".join(output.split())
    assert "edge1 is this machine, and so are app1, app2, data1, monitor1" in said and "inventories/dev" in said, output[-1500:]
    assert not (tree / "demo/edge1/etc/platform/tls/nginx").exists()
