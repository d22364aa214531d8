"""Archives of strangers: read within limits, whatever they claim to be."""

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile

import pytest

from grader.cohort import archive
from grader.cohort.archive import ArchiveLimits, BadArchive, Contents, is_archive, read_archive, safe_name

SMALL = ArchiveLimits(packed_bytes=200_000, total_bytes=1_000_000, file_bytes=100_000, members=50, ratio=50, ratio_from=10_000)


def everything(name):
    return True


def zipped(files, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as made:
        for name, content in files:
            made.writestr(name, content)
    return out.getvalue()


def tarred(members, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as made:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return out.getvalue()


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


PLAIN = tarred([("a/layers.py", b"x = 1\n")])
FORMS = {
    "zip": zipped([("a/layers.py", b"x = 1\n")]),
    "tar": PLAIN,
    "gz": gzip.compress(PLAIN),
    "bz2": bz2.compress(PLAIN),
    "xz": lzma.compress(PLAIN),
    "two gzip members": gzip.compress(PLAIN[:700]) + gzip.compress(PLAIN[700:]),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_whatever_it_is_called(form):
    assert is_archive(FORMS[form], "no-suffix")
    assert read_archive(FORMS[form], everything).files == {"a/layers.py": b"x = 1\n"}


@pytest.mark.parametrize("name", ["../x.py", "/x.py", "a/../../x.py", "C:/x.py", "a\\..\\..\\x.py", "\\x.py", "..", "a\0b.py"])
def test_a_path_out_of_the_folder_is_left_out_and_noted(name):
    assert safe_name(name) is None
    contents = read_archive(tarred([(name.replace("\0", "_") if "\0" in name else name, b"x"), ("ok.py", b"y")]), everything)
    assert "ok.py" in contents.files
    if "\0" not in name:
        assert list(contents.files) == ["ok.py"]
        assert "leave its folder" in contents.notes[0]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_pipes_and_devices_are_left_out_and_noted(kind):
    contents = read_archive(tarred([(link("layers.py", "/etc/passwd", kind), b"")]), everything)
    assert contents.files == {}
    assert "not an ordinary file" in contents.notes[0]


def test_a_symbolic_link_in_a_zip_is_left_out():
    info = zipfile.ZipInfo("layers.py")
    info.external_attr = 0o120777 << 16
    contents = read_archive(zipped([(info, "/etc/passwd")]), everything)
    assert contents.files == {}
    assert len(contents.notes) == 1


BOMBS = {
    "one big file in a zip": zipped([("a.py", b"\0" * 5_000_000)]),
    "many files in a zip": zipped([(f"{i}.py", b"") for i in range(51)]),
    "a big tar": gzip.compress(tarred([("a.py", b"\0" * 5_000_000)])),
    "a gzip of nothing but zeros": gzip.compress(b"\0" * 50_000_000),
    "bz2": bz2.compress(b"\0" * 50_000_000),
    "xz": lzma.compress(b"\0" * 50_000_000),
    "a big archive": random.Random(1).randbytes(200_001),
    "gzip in gzip": gzip.compress(gzip.compress(b"\0" * 50_000_000)) + b"",
    "many members in a tar": tarred([(f"{i}.py", b"") for i in range(51)]),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_a_sentence(bomb):
    with pytest.raises(BadArchive) as caught:
        read_archive(BOMBS[bomb], everything, SMALL)
    assert str(caught.value)


def test_no_bomb_needs_memory_for_more_than_its_limit():
    import tracemalloc

    tracemalloc.start()
    for bomb in ("a gzip of nothing but zeros", "bz2", "xz", "one big file in a zip"):
        with pytest.raises(BadArchive):
            read_archive(BOMBS[bomb], everything, SMALL)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12_000_000


def test_a_header_that_lies_about_its_size_is_not_believed():
    data = bytearray(zipped([("a.py", b"\0" * 300_000)]))
    for at in (data.index(b"PK\x03\x04") + 22, data.index(b"PK\x01\x02") + 24):
        data[at : at + 4] = (10).to_bytes(4, "little")
    try:
        contents = read_archive(bytes(data), everything, SMALL)
    except BadArchive:
        return  # the checksum does not fit, either
    assert all(len(content) <= SMALL.file_bytes for content in contents.files.values())


def test_a_file_that_is_too_big_is_left_out_and_noted():
    noise = random.Random(2).randbytes(150_000)
    contents = read_archive(zipped([("big.py", noise), ("ok.py", b"y")]), everything, SMALL)
    assert list(contents.files) == ["ok.py"]
    assert "big.py" in contents.notes[0]


def zipped_by(method):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        made.writestr("a.py", b"x")
    return out.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_to_whose_output_zipfile_sets_no_bound_is_refused(method):
    """A kilobyte of bzip2 becomes three gigabytes at once."""
    with pytest.raises(BadArchive, match="zip with the ordinary one is supported"):
        read_archive(zipped_by(method), everything)


def header(kind, content, headers=None):
    """A member whose content tarfile reads as part of the next one's header, and that one."""
    info = tarfile.TarInfo("a.py")
    info.type, info.pax_headers = kind, headers or {}
    info.size = len(content)
    blocks = content + bytes(-len(content) % 512)
    return info.tobuf(tarfile.PAX_FORMAT) + blocks + tarfile.TarInfo("b.py").tobuf() + bytes(1024)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_a_name_of_millions_of_folders_is_not_taken_apart(kind):
    with pytest.raises(BadArchive, match="a name or a header of more than 64 KB"):
        read_archive(header(kind, b"a/" * 33_000), everything)


@pytest.mark.parametrize("version", ["old", "0.1", "1.0"])
def test_no_list_of_holes_is_read(version):
    number = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "a.py", "GNU.sparse.realsize": "1"}
    headers = {"1.0": number, "0.1": {"GNU.sparse.map": "0,0", "GNU.sparse.size": "1"}}.get(version)
    kind = tarfile.GNUTYPE_SPARSE if version == "old" else tarfile.REGTYPE
    data = header(kind, b"1\n0\n0\n", headers)
    if version == "0.1":  # its list has a bound as a header: the member is left out
        assert list(read_archive(data, everything).files) == ["b.py"]
    else:
        with pytest.raises(BadArchive, match="a sparse file, or"):
            read_archive(data, everything)


def test_a_doubled_name():
    contents = read_archive(tarred([("a.py", b"first"), ("a.py", b"second")]), everything)
    assert contents.files == {"a.py": b"first"}
    assert "twice" in contents.notes[0]


@pytest.fixture
def fed(monkeypatch):
    """How many bytes each decompressor was handed."""
    counts = []

    class Counting:
        def __init__(self, decoder):
            self.decoder = decoder
            counts.append(0)

        def __getattr__(self, name):
            return getattr(self.decoder, name)

        def decompress(self, data, most):
            counts[-1] += len(data)
            return self.decoder.decompress(data, most)

    for kind, made in archive._DECODERS.items():
        monkeypatch.setitem(archive._DECODERS, kind, lambda made=made: Counting(made()))
    return counts


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("times", [1, 2, 4])
def test_each_byte_of_an_archive_is_handed_to_a_decompressor_once(fed, kind, times):
    noise = random.Random(3).randbytes(300_000)
    data = PACKERS[kind](tarred([(f"{number}.py", noise) for number in range(times)]))
    assert len(read_archive(data, everything).files) == times
    assert fed == [len(data)]


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("times", [1, 2, 4])
def test_empty_parts_are_counted_and_refused(fed, kind, times):
    with pytest.raises(BadArchive, match="more than 100 parts"):
        read_archive(PACKERS[kind](b"") * 1000 * times, everything)
    assert len(fed) == 100
    assert sum(fed) <= 100 * archive._STEP


@pytest.mark.parametrize("kind", PACKERS)
def test_zeros_between_the_parts_of_an_archive_are_passed_over(kind):
    data = PACKERS[kind](PLAIN[:700]) + b"\0" * 1_000_000 + PACKERS[kind](PLAIN[700:]) + b"\0" * 10
    assert read_archive(data, everything).files == {"a/layers.py": b"x = 1\n"}


def test_a_directory_of_very_many_members_is_not_read(monkeypatch):
    entry = zipped([("a.py", b"")])
    entry = entry[entry.index(b"PK\x01\x02") : entry.index(b"PK\x05\x06")]
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("the directory was read"))
    with pytest.raises(BadArchive, match="more than 5000 members"):
        read_archive(b"PK\x03\x04" + entry * 5001, everything)


def test_headers_that_every_member_would_get_a_copy_of_are_refused():
    out = io.BytesIO()
    headers = {f"x{number}": "y" for number in range(101)}
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers=headers) as made:
        made.addfile(tarfile.TarInfo("a.py"))
    with pytest.raises(BadArchive, match="more than 100 headers"):
        read_archive(out.getvalue(), everything)


@pytest.mark.parametrize("data", [b"7z\xbc\xaf\x27\x1c....", b"Rar!....", b"not an archive", b"", b"PK\x03\x04"])
def test_other_files_are_refused_in_a_sentence(data):
    with pytest.raises(BadArchive):
        read_archive(data, everything)


@pytest.mark.parametrize("form", FORMS)
def test_damage_anywhere_is_a_sentence_or_contents_never_another_error(form):
    dice = random.Random(f"damage {form}")
    for _ in range(150):
        data = bytearray(FORMS[form])
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        if dice.random() < 0.4:
            del data[dice.randrange(len(data)) :]
        try:
            assert isinstance(read_archive(bytes(data), everything, SMALL), Contents)
        except BadArchive:
            continue
