"""Where former versions come from: commits, folders, kept files; and what happens where they cannot be had."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from stream_contracts.errors import BaselineError, ContractError, UsageError
from stream_contracts.findings import Verdict
from stream_contracts.gate.repository import Repository
from stream_contracts.gate.review import Options, review
from stream_contracts.gate.verdicts import exit_code
from tests.gate.project import TODAY, Project, only, rules

BREAK = ("shop/enriched.json", '{"type": "integer"}', '{"type": "string"}')


def test_git_is_read_without_a_checkout(shop: Project) -> None:
    shop.replace(*BREAK)
    before = sorted(path for path in shop.root.rglob("*") if ".git/" not in str(path))
    review = shop.review("git:main")
    assert rules(review) == {"TYPE_CHANGED"}
    assert "main:contracts/shop/enriched.json" in only(review, "TYPE_CHANGED").what
    assert sorted(path for path in shop.root.rglob("*") if ".git/" not in str(path)) == before
    assert shop.git("status", "--porcelain") == "M contracts/shop/enriched.json"


def test_the_merge_base_counts_and_not_what_main_did_since(shop: Project) -> None:
    shop.git("checkout", "-q", "-b", "feature")
    shop.git("checkout", "-q", "main")
    shop.replace(*BREAK).commit("main breaks it")
    shop.git("checkout", "-q", "feature")
    assert shop.review("git:main").verdict is Verdict.PASS
    assert rules(shop.review("git:=main")) == {"TYPE_CHANGED"}


def test_tags_and_commits_are_refs_too(shop: Project) -> None:
    commit = shop.commit()
    shop.git("tag", "v1")
    shop.replace(*BREAK).commit()
    for ref in ("v1", commit, commit[:10], "HEAD~1"):
        assert rules(shop.review(f"git:{ref}")) == {"TYPE_CHANGED"}, ref


@pytest.mark.parametrize("ref", ["nowhere", "main~50", "--upload-pack=x"])
def test_a_ref_that_is_not_there(shop: Project, ref: str) -> None:
    with pytest.raises((BaselineError, UsageError), match="git:"):
        shop.review(f"git:{ref}")


def test_branches_without_a_common_commit(shop: Project) -> None:
    shop.git("checkout", "-q", "--orphan", "alone")
    shop.commit("alone")
    with pytest.raises(BaselineError, match="no common commit"):
        shop.review("git:main")


def test_no_repository(shop: Project) -> None:
    shutil.rmtree(shop.root / ".git")
    with pytest.raises(BaselineError, match="compared with git") as caught:
        shop.review("git:main")
    assert caught.value.exit_code == 3


def test_a_hook_of_git_may_call_it(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git tells its hooks where it is, relative to the top of the working tree."""
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    shop.replace(*BREAK)
    assert rules(shop.review()) == {"TYPE_CHANGED"}


def test_no_git(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(shop.root))
    with pytest.raises(BaselineError, match="git is not there"):
        shop.review("git:main")


def test_a_shallow_clone_says_what_it_lacks(shop: Project, tmp_path: Path) -> None:
    shop.git("checkout", "-q", "-b", "feature")
    shop.commit("one")
    shop.git("checkout", "-q", "main")
    shop.commit("other")
    clone = tmp_path / "clone"
    command = ["git", "clone", "-q", "--depth", "1", "--no-single-branch", "-b", "feature", f"file://{shop.root}"]
    subprocess.run([*command, str(clone)], check=True, timeout=60)
    with pytest.raises(BaselineError, match="fetch the history"):
        Project(clone).review("git:origin/main")


def test_links_in_git_are_followed(shop: Project) -> None:
    (shop.contracts / "shop/money.avsc").rename(shop.contracts / "money.avsc")
    (shop.contracts / "shop/money.avsc").symlink_to("../money.avsc")
    shop.commit("a link")
    assert shop.review("git:main").verdict is Verdict.PASS
    (shop.contracts / "money.avsc").write_text((shop.contracts / "money.avsc").read_text().replace('"long"', '"int"'))
    assert "TYPE_MISMATCH" in rules(shop.review("git:main"))


def test_a_contract_at_the_root_of_a_repository(tmp_path: Path) -> None:
    from stream_contracts.gate.review import Options, review
    from tests.gate.project import TODAY

    root = Project(tmp_path)
    (tmp_path / "contract.yaml").write_text("contract: a\nowner: me\ntopics:\n  t: {value: {schema: s.avsc}}\n")
    (tmp_path / "s.avsc").write_text('"int"')
    root.git("init", "-q", "-b", "main")
    root.commit()
    (tmp_path / "s.avsc").write_text('"string"')
    for path in (tmp_path, tmp_path / "contract.yaml"):
        assert rules(review([path], Options(TODAY, "git:main"))) == {"TYPE_MISMATCH"}


def test_a_submodule_is_compared_in_the_commit_that_the_outer_one_names(shop: Project, tmp_path: Path) -> None:
    """Its contracts are not new; where its former commit is not there, that is told, and nothing passes."""
    outer = Project(tmp_path / "outer")
    outer.root.mkdir()
    outer.git("init", "-q", "-b", "main")
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(shop.root), "schemas")
    outer.commit()
    inner = Project(outer.root / "schemas")
    inner.replace("shop/enriched.json", '{"type": "integer"}', '{"type": "string"}').commit()
    outer.commit()
    for path in (outer.root, inner.root, inner.contracts / "shop"):
        found = review([path], Options(TODAY, "git:=HEAD~1"))
        assert rules(found) == {"TYPE_CHANGED"}
        assert not any(each.new for each in found.judged)
    assert rules(review([outer.root], Options(TODAY, "git:=HEAD"))) == set()
    outer.git("update-index", "--cacheinfo", f"160000,{'1' * 40},schemas")
    outer.git("commit", "-q", "-m", "gone")
    with pytest.raises(BaselineError, match=r"the submodule schemas was at 111111111111, .*git submodule update"):
        review([outer.root], Options(TODAY, "git:=HEAD"))


def test_a_contract_that_is_new_is_new(shop: Project) -> None:
    shop.write("ads/contract.yaml", "contract: ads\nowner: me\ntopics:\n  ads: {value: {schema: ad.avsc}}\n")
    shop.write("ads/ad.avsc", '"string"')
    review = shop.review()
    assert review.verdict is Verdict.PASS
    assert {each.name for each in review.judged if each.new} == {"ads/ads-value", "ads"}


def test_a_contract_that_is_gone_took_everything_with_it(shop: Project) -> None:
    shutil.rmtree(shop.contracts / "billing")
    found = only(shop.review(), "topic-deleted")
    assert found.subject == "invoices"
    assert str(found.place).startswith("main:contracts/billing/contract.yaml")


def test_only_the_paths_that_are_asked_about_are_compared(shop: Project) -> None:
    from stream_contracts.gate.review import Options, review
    from tests.gate.project import TODAY

    shop.replace(*BREAK)
    done = review([shop.contracts / "billing"], Options(TODAY, "git:main"))
    assert {each.name for each in done.judged} == {"billing/invoices-value", "billing"}
    assert done.verdict is Verdict.PASS


def test_a_former_contract_that_does_not_load_is_unknown(shop: Project) -> None:
    shop.replace("billing/contract.yaml", "owner: team-billing", "owner: 7").commit("wrong")
    shop.replace("billing/contract.yaml", "owner: 7", "owner: team-billing")
    review = shop.review()
    assert exit_code(review) == 4
    assert "main:contracts/billing/contract.yaml:2:1" in review.unknown[0].judgement.note


def test_a_former_schema_that_cannot_be_read_is_unknown_and_hides_nothing(shop: Project) -> None:
    shop.replace("shop/order_id.avsc", '"name": "OrderId", ', "").commit("wrong")
    shop.replace("shop/order_id.avsc", '{"type": "record", ', '{"type": "record", "name": "OrderId", ').replace(*BREAK)
    review = shop.review()
    assert [each.name for each in review.unknown] == ["shop/orders-key"]
    assert rules(review) == {"TYPE_CHANGED"}
    assert exit_code(review) == 1


def test_a_folder_is_a_baseline(shop: Project, tmp_path: Path) -> None:
    shutil.copytree(shop.contracts, tmp_path / "before")
    shop.replace(*BREAK).replace("shop/contract.yaml", "partitions: 6", "partitions: 3")
    assert rules(shop.review(str(tmp_path / "before"))) == {"TYPE_CHANGED", "partitions-changed"}


@pytest.mark.parametrize("against", ["nowhere", "registry", "git", "http://localhost:8081"])
def test_what_is_no_baseline_is_bad_usage(shop: Project, against: str) -> None:
    with pytest.raises(UsageError, match="write git:REF"):
        shop.review(against)


def test_an_empty_folder_is_no_baseline(shop: Project, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"no contract\.yaml"):
        shop.review(str(tmp_path / "empty"))


def test_kept_versions_need_nothing(shop: Project) -> None:
    shutil.rmtree(shop.root / ".git")
    shop.replace("shop/order.avsc", '"default": null', '"doc": "no default"')
    review = shop.review("kept")
    found = only(review, "READER_FIELD_MISSING_DEFAULT_VALUE")
    assert "order.v1.avsc" in found.what
    assert str(found.place).endswith("shop/order.avsc:8")
    assert {each.name for each in review.judged if each.new} >= {"shop/orders-key", "billing/invoices-value"}


def test_everything_new_is_told(shop: Project) -> None:
    shutil.rmtree(shop.contracts / "shop/former")
    review = shop.review("kept")
    assert review.verdict is Verdict.PASS
    assert "nothing was compared" in review.notes[0]


def test_complaints_about_all_contracts_come_at_once(shop: Project) -> None:
    shop.replace("billing/contract.yaml", "owner: team-billing", "owner: 7")
    shop.replace("shop/contract.yaml", "partitions: 6", "partitions: no")
    with pytest.raises(ContractError) as caught:
        shop.review()
    assert len(caught.value.complaints) == 2


def test_a_crafted_tree_writes_nothing_outside(shop: Project, tmp_path: Path) -> None:
    blob = shop.git("rev-parse", "HEAD:contracts/shop/order.avsc")
    entry = f"100644 blob {blob}\tescaped.avsc\n"
    inner = make_tree(shop, entry)
    contract = bytes.fromhex(shop.git("rev-parse", "HEAD:contracts/shop/contract.yaml"))
    raw = b"40000 ..\0" + bytes.fromhex(inner) + b"100644 contract.yaml\0" + contract
    command = ["git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin"]
    evil = subprocess.run(command, cwd=shop.root, input=raw, capture_output=True, check=True, timeout=60)
    tree = make_tree(shop, f"040000 tree {evil.stdout.decode().strip()}\tcontracts\n")
    commit = shop.git("commit-tree", tree, "-p", "HEAD", "-m", "evil")
    into = tmp_path / "deep/er/into"
    into.mkdir(parents=True)
    Repository.around(shop.contracts).extract(commit, [shop.contracts], into)
    assert (into / "contracts/contract.yaml").is_file()
    assert not list((tmp_path / "deep").rglob("*.avsc"))


def make_tree(shop: Project, entries: str) -> str:
    command = ["git", "mktree"]
    done = subprocess.run(command, cwd=shop.root, input=entries, text=True, capture_output=True, check=True, timeout=60)
    return done.stdout.strip()
