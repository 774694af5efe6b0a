package io.github.bitnet4j.tokenizer.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Opening what is and what is not a regular file: never waits, always names the path. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "it has no pipes in directories")
class RegularFileTest {
  @TempDir Path folder;

  private static void assertRefused(
      Path file, Class<? extends FileSystemException> type, String message) {
    assertThatThrownBy(() -> RegularFile.open(file).close())
        .isInstanceOf(type)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(message);
  }

  private Path pipe(String name) throws IOException, InterruptedException {
    Path pipe = folder.resolve(name);
    int exitCode = new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor();
    assumeThat(exitCode).as("mkfifo works here").isZero();
    return pipe;
  }

  @Test
  void opensAFileAndALinkToIt() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "text");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    for (Path path : new Path[] {file, link}) {
      try (FileChannel channel = RegularFile.open(path)) {
        assertThat(RegularFile.readAll(path, channel, 4)).asString().isEqualTo("text");
      }
    }
  }

  @Test
  void refusesAPipeAndALinkToOne() throws IOException, InterruptedException {
    Path pipe = pipe("pipe");
    assertRefused(pipe, FileSystemException.class, "expected a regular file, found a pipe");
    Path link = Files.createSymbolicLink(folder.resolve("link"), pipe);
    assertRefused(link, FileSystemException.class, "expected a regular file, found a pipe");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/dev/null", "/dev/zero", "/dev/random"})
  void refusesADevice(String name) {
    assumeThat(Path.of(name)).exists();
    assertRefused(Path.of(name), FileSystemException.class, "a device");
  }

  @Test
  void saysWhatIsThereInsteadOfAFile() throws IOException {
    assertRefused(folder, FileSystemException.class, "expected a regular file, found a directory");
    assertRefused(folder.resolve("no"), NoSuchFileException.class, "it does not exist");
    Path file = Files.createFile(folder.resolve("file"));
    assertRefused(file.resolve("x"), NoSuchFileException.class, "it does not exist");
    Path broken = Files.createSymbolicLink(folder.resolve("broken"), folder.resolve("no"));
    assertRefused(broken, NoSuchFileException.class, "a link to a file that does not exist");
    assertThat(RegularFile.isPresent(broken)).isTrue();
    assertThat(RegularFile.isPresent(folder.resolve("no"))).isFalse();
    Path loop = folder.resolve("loop");
    Files.createSymbolicLink(loop, loop);
    assertRefused(loop, FileSystemException.class, "symbolic link");
    assertRefused(folder.resolve("x".repeat(400)), FileSystemException.class, "too long");
  }

  @Test
  void namesAFileThatMayNotBeRead() throws IOException {
    Path file = Files.createFile(folder.resolve("secret"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    assumeThat(Files.isReadable(file)).as("root ignores permissions").isFalse();
    assertRefused(file, AccessDeniedException.class, "permission denied");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tokenizer.json",
        "tokenizer.model",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "chat_template.jinja"
      })
  void noFileOfATokenizerIsAPipe(String name) throws IOException, InterruptedException {
    if (!name.equals("tokenizer.json") && !name.equals("tokenizer.model")) {
      Files.writeString(folder.resolve("tokenizer.json"), "{}");
    }
    Path pipe = pipe(name);
    assertThatThrownBy(() -> Tokenizer.load(folder))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(pipe + ": expected a regular file");
  }

  @Test
  void namesTheFileOfAnErrorWithoutOne() {
    Path file = folder.resolve("out");
    assertThat(RegularFile.explained(file, new IOException("No space left on device")))
        .isInstanceOf(FileSystemException.class)
        .hasMessage(file + ": No space left on device");
    IOException named = new IOException(file + ": damaged");
    assertThat(RegularFile.explained(file, named)).isSameAs(named);
  }
}
