from __future__ import annotations

import os
import zipfile
from pathlib import Path

from penstock.actions.artifacts import pack_folder
from penstock.runner.archives.zip_reader import extract_zip


def test_a_folder_is_packed_with_all_that_is_in_it(tmp_path: Path) -> None:
    folder, packed = tmp_path / "in", tmp_path / "out.zip"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "c.txt").write_bytes(b"c")
    (folder / ".hidden").write_bytes(b"h")
    (folder / "run").write_bytes(b"#!")
    (folder / "run").chmod(0o755)
    os.symlink("a/b", folder / "way")
    os.symlink("a/b/c.txt", folder / "file")
    pack_folder(str(folder), str(packed))
    names = [".hidden", "a/b/c.txt", "file", "run", "way"]
    assert zipfile.ZipFile(packed).namelist() == names
    extract_zip(str(packed), str(tmp_path / "back"))
    assert os.readlink(tmp_path / "back" / "way") == "a/b"
    assert (tmp_path / "back" / "run").stat().st_mode & 0o777 == 0o755
