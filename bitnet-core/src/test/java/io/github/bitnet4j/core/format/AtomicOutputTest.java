package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of {@link AtomicOutput}, of which the {@code IT} shows those about other processes. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "links, pipes and permissions are of POSIX")
class AtomicOutputTest {
  private static final String MARKER = "bitnet4j unfinished output\n";

  /** The name of a workplace of a process that cannot exist. */
  private static final String LEFT =
      ".bitnet4j-7fffffffff-1-0123456789abcdef0123456789abcdef.unfinished";

  @TempDir Path folder;

  private static void write(Path path, String text) throws IOException {
    try (AtomicOutput output = AtomicOutput.file(path)) {
      output.create().close();
      Files.writeString(output.content(), text);
      output.commit();
    }
  }

  private static void writeDirectory(Path path, String text) throws IOException {
    try (AtomicOutput output = AtomicOutput.directory(path)) {
      Files.createDirectory(output.content());
      Files.writeString(output.content().resolve("file"), text);
      output.commit();
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** Makes what a killed process leaves. */
  private Path left(String target) throws IOException {
    Path left = Files.createDirectory(folder.resolve(LEFT));
    Files.writeString(left.resolve("owner"), MARKER + target);
    Files.writeString(left.resolve("content"), "half");
    return left;
  }

  @Test
  void replacesAFileAndLeavesNothingElse() throws IOException {
    Path file = folder.resolve("file");
    write(file, "one");
    assertThat(file).hasContent("one");
    write(file, "two");
    assertThat(file).hasContent("two");
    assertThat(names()).containsExactly("file");
  }

  @Test
  void anOutputThatIsNotCommittedChangesNothing() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "old");
    try (AtomicOutput output = AtomicOutput.file(file)) {
      Files.writeString(output.content(), "new");
    }
    assertThat(file).hasContent("old");
    assertThat(names()).containsExactly("file");
  }

  @Test
  void aLinkKeepsPointingAndItsTargetIsReplaced() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    Path real = Files.writeString(other.resolve("real"), "old");
    Path middle = Files.createSymbolicLink(folder.resolve("middle"), Path.of("other", "real"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), middle);
    write(link, "new");
    assertThat(link).isSymbolicLink();
    assertThat(middle).isSymbolicLink();
    assertThat(real).hasContent("new").isRegularFile();
    Path broken = Files.createSymbolicLink(folder.resolve("broken"), Path.of("other", "made"));
    write(broken, "made");
    assertThat(broken).isSymbolicLink().hasContent("made");
    Path directory = Files.createSymbolicLink(folder.resolve("directory"), Path.of("other"));
    writeDirectory(directory, "text");
    assertThat(directory).isSymbolicLink();
    assertThat(other).isDirectoryContaining(file -> file.endsWith("file"));
    assertThat(other.resolve("real")).doesNotExist();
  }

  @Test
  void refusesLinksThatLeadToEachOther() throws IOException {
    Path loop = folder.resolve("loop");
    Files.createSymbolicLink(loop, loop);
    assertThatThrownBy(() -> AtomicOutput.file(loop))
        .isInstanceOf(FileSystemException.class)
        .hasMessageStartingWith(loop + ": its links lead to each other");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/dev/null", "/dev/full", "/"})
  void refusesDevicesAndRoots(String name) {
    Path path = Path.of(name);
    assertThatThrownBy(() -> AtomicOutput.file(path))
        .isInstanceOf(FileSystemException.class)
        .hasMessageStartingWith(path + ": expected a regular file");
    assertThatThrownBy(() -> AtomicOutput.directory(path))
        .isInstanceOf(FileSystemException.class)
        .hasMessageStartingWith(path + ": expected ");
    assertThat(path).exists();
  }

  @Test
  void refusesAPipeAndADirectoryForAFile() throws IOException, InterruptedException {
    Path pipe = folder.resolve("pipe");
    assumeThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    assertThatThrownBy(() -> AtomicOutput.file(pipe)).hasMessageContaining("found a pipe");
    assertThatThrownBy(() -> AtomicOutput.file(folder)).hasMessageContaining("found a directory");
    assertThatThrownBy(() -> AtomicOutput.file(folder.resolve("no/file")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("no: it does not exist");
    assertThat(names()).containsExactly("pipe");
  }

  @Test
  void keepsPermissionsAndGivesNewFilesTheUsualOnes() throws IOException {
    Path file = folder.resolve("file");
    Path usual = Files.createFile(folder.resolve("usual"));
    write(file, "one");
    assertThat(Files.getPosixFilePermissions(file)).isEqualTo(Files.getPosixFilePermissions(usual));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw----"));
    write(file, "two");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-rw----");
    Path secret = folder.resolve("secret");
    try (AtomicOutput output = AtomicOutput.ownerOnlyFile(secret)) {
      output.create().close();
      output.commit();
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secret)))
        .isEqualTo("rw-------");
  }

  @Test
  void putsADirectoryBackThatCannotBeReplaced() throws IOException {
    Path directory = folder.resolve("model");
    writeDirectory(directory, "old");
    try (AtomicOutput output = AtomicOutput.directory(directory)) {
      Files.createDirectory(output.content());
      Files.createDirectory(directory.resolveSibling("empty"));
      // The content disappears between the two moves; the link is deleted as what it is.
      Path content = output.content();
      Files.delete(content);
      assertThatThrownBy(output::commit).isInstanceOf(IOException.class);
    }
    assertThat(directory.resolve("file")).hasContent("old");
    assertThat(names()).containsExactly("empty", "model");
  }

  @Test
  void replacesADirectoryWithLinksWithoutFollowingThem() throws IOException {
    Path kept = Files.createDirectory(folder.resolve("kept"));
    Files.writeString(kept.resolve("letter"), "Dear");
    Path directory = folder.resolve("model");
    writeDirectory(directory, "old");
    Files.createSymbolicLink(directory.resolve("link"), kept);
    writeDirectory(directory, "new");
    assertThat(directory.resolve("file")).hasContent("new");
    assertThat(directory.resolve("link")).doesNotExist();
    assertThat(kept.resolve("letter")).hasContent("Dear");
  }

  @Test
  void deletesWhatAKilledProcessLeft() throws IOException {
    left("other");
    write(folder.resolve("file"), "new");
    assertThat(names()).containsExactly("file");
  }

  @Test
  void movesADirectoryBackThatAKilledProcessWasAboutToReplace() throws IOException {
    Path old = Files.createDirectory(left("model").resolve("old"));
    Files.writeString(old.resolve("file"), "old");
    write(folder.resolve("other"), "new");
    assertThat(names()).containsExactly("model", "other");
    assertThat(folder.resolve("model/file")).hasContent("old");
  }

  @Test
  void aDirectoryThatWasReplacedBeforeTheKillIsDeleted() throws IOException {
    Path old = Files.createDirectory(left("model").resolve("old"));
    Files.writeString(old.resolve("file"), "old");
    writeDirectoryByHand("new");
    write(folder.resolve("other"), "new");
    assertThat(names()).containsExactly("model", "other");
    assertThat(folder.resolve("model/file")).hasContent("new");
  }

  private void writeDirectoryByHand(String text) throws IOException {
    Files.writeString(Files.createDirectory(folder.resolve("model")).resolve("file"), text);
  }

  @Test
  void doesNotTouchWhatItDidNotMake() throws IOException {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Files.writeString(elsewhere.resolve("owner"), MARKER + "x");
    String name = LEFT.replace("0123", "aaaa");
    Files.createSymbolicLink(folder.resolve(name), elsewhere); // a link of the right name
    Files.createDirectory(folder.resolve(LEFT.replace("0123", "bbbb"))); // without owner
    Path other = Files.createDirectory(folder.resolve(LEFT.replace("0123", "cccc")));
    Files.writeString(other.resolve("owner"), "my notes"); // without the line
    Path more = Files.createDirectory(folder.resolve(LEFT.replace("0123", "dddd")));
    Files.writeString(more.resolve("owner"), MARKER + "x");
    Files.writeString(more.resolve("diary"), "Dear"); // with something else in it
    for (String user : List.of("file.unfinished", "file.replaced", ".bitnet4j-x.unfinished")) {
      Files.writeString(Files.createDirectory(folder.resolve(user)).resolve("letter"), "Dear");
    }
    List<String> before = names();
    Path strange = Files.createDirectory(folder.resolve(LEFT));
    Files.writeString(strange.resolve("owner"), MARKER + "../escape\0");
    write(folder.resolve("file"), "new");
    assertThat(names()).containsAll(before).contains("file", LEFT);
    assertThat(elsewhere.resolve("owner")).exists();
    assertThat(more.resolve("diary")).hasContent("Dear");
    assertThat(folder.resolve("file.unfinished/letter")).hasContent("Dear");
  }

  @Test
  void severalOutputsOfOneProcessDoNotDisturbEachOther() throws IOException {
    Path file = folder.resolve("file");
    try (AtomicOutput one = AtomicOutput.file(file);
        AtomicOutput two = AtomicOutput.file(file)) {
      Files.writeString(one.content(), "one");
      Files.writeString(two.content(), "two");
      two.commit();
      assertThat(file).hasContent("two");
      one.commit();
      assertThat(file).hasContent("one");
    }
    assertThat(names()).containsExactly("file");
    assertThat(Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)).isTrue();
  }
}
