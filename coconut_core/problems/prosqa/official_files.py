"""The official ProsQA files, as they lie in the repository of the paper's authors."""

from coconut_core.downloads import Download, RemoteFile

COMMIT = "27273cb8cca4bb763c041a63b036d0c3b7cbbb48"
"""Of the official code (MIT licence); sizes and hashes are of this commit."""
OFFICIAL_FILES = Download(
    address=f"https://raw.githubusercontent.com/facebookresearch/coconut/{COMMIT}/data",
    files=(
        RemoteFile("prosqa_train.json", 30_872_695, "99e40ce7e9107fd02e35bcd78a7a4479bd57f415bab0a6efd37cc11a72e594f6"),
        RemoteFile("prosqa_valid.json", 518_208, "c74e0de24f1e90ec48b1a993e6458a7be4caeef3928f5104e3c2e45d689a5249"),
        RemoteFile("prosqa_test.json", 856_611, "82ddc0afe6ee30eb31bb16fa208e293e55278a20fa987098d48519cae7e12680"),
    ),
    folder="data/prosqa",
    by_hand="clone github.com/facebookresearch/coconut where there is a network, and give its folder data as --from",
)
