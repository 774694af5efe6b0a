package io.github.bitnet4j.core.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.bitnet4j.ChatMessage;
import io.github.bitnet4j.Generation;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.KvCacheType;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.OverflowPolicy;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.SessionFormatException;
import io.github.bitnet4j.core.format.SampleModels;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Saving and restoring sessions, and what becomes of the memory of their caches. */
class SessionFileTest {
  private static final int[] PROMPT = {294, 257, 3, 80, 11};
  private static final int HEADER = 88;

  /** Two messages; one has characters that no encoding but UTF-16 keeps. */
  private static final List<ChatMessage> MESSAGES =
      List.of(ChatMessage.system("Be kind."), new ChatMessage("user", "🙂\uD800\n\0"));

  private static TransformerModel model;

  @TempDir private Path folder;
  private TransformerSession session;

  @BeforeAll
  static void load() throws IOException {
    model = (TransformerModel) Model.load(SampleModels.TIED);
  }

  @AfterAll
  static void closeModel() {
    model.close();
  }

  @BeforeEach
  void open() {
    session = model.newSession(new PassCosts());
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    session.close();
    assertThat(model.kvMemory().liveBlocks()).isZero();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).noneMatch(file -> file.toString().endsWith(".unfinished"));
    }
  }

  private static GenerationConfig config(int maxTokens) {
    return GenerationConfig.builder().maxTokens(maxTokens).ignoreStopTokens(true).build();
  }

  private static int[] text(Generation generation) {
    return IntStream.concat(IntStream.of(generation.promptIds()), IntStream.of(generation.ids()))
        .toArray();
  }

  /** Saves a session with 70 tokens in the cache and two messages. */
  private Path save() throws IOException {
    session.generate(PROMPT, config(66));
    MESSAGES.forEach(session::addMessage);
    Path file = folder.resolve("session");
    session.save(file);
    return file;
  }

  private static void assertRefused(Path file, String message) {
    assertThatExceptionOfType(SessionFormatException.class)
        .isThrownBy(() -> model.restoreSession(file))
        .withMessageStartingWith(file + ": ")
        .withMessageContaining(message)
        .satisfies(e -> assertThat(e.path()).isEqualTo(file));
  }

  /** Changes the header and makes its checksum right. */
  private static void forge(Path file, byte[] whole, int at, long value, int bytes)
      throws IOException {
    ByteBuffer forged = ByteBuffer.wrap(whole.clone()).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes == Integer.BYTES) {
      forged.putInt(at, (int) value);
    } else {
      forged.putLong(at, value);
    }
    seal(forged);
    Files.write(file, forged.array());
  }

  private static void seal(ByteBuffer file) {
    CRC32C crc = new CRC32C();
    crc.update(file.slice(0, 84));
    file.putInt(84, (int) crc.getValue());
  }

  // ---- What is restored

  @ParameterizedTest
  @CsvSource({"scalar, vector, F32", "vector, scalar, F32", "vector, scalar, F16"})
  void goesOnWithOtherKernelsAsTheSavedSessionWould(
      String saving, String restoring, KvCacheType type) throws IOException {
    Path file = folder.resolve("session");
    int[] text;
    int[] expected;
    LoadOptions.Builder options = LoadOptions.builder().kvCache(type);
    try (Model one = Model.load(SampleModels.DEMO, options.kernels(saving).build());
        Session saved = one.newSession()) {
      text = text(saved.generate("Once upon a time", config(90)));
      MESSAGES.forEach(saved::addMessage);
      saved.save(file);
      expected = saved.generate(text, config(20)).ids();
    }
    try (Model other = Model.load(SampleModels.DEMO, options.kernels(restoring).build());
        Session restored = other.restoreSession(file)) {
      assertThat(restored.messages()).isEqualTo(MESSAGES);
      assertThat(restored.position()).isEqualTo(text.length - 1);
      Generation generation = restored.generate(text, config(20));
      assertThat(generation.stats().reusedTokens()).isEqualTo(text.length - 1);
      assertThat(generation.ids()).isEqualTo(expected);
    }
  }

  @Test
  void anEmptySessionIsRestored() throws IOException {
    Path file = folder.resolve("empty");
    session.save(file);
    assertThat(Files.size(file)).isEqualTo(HEADER);
    try (Session restored = model.restoreSession(file)) {
      assertThat(restored.position()).isZero();
      assertThat(restored.messages()).isEmpty();
      assertThat(restored.generate(PROMPT, config(5)).ids())
          .isEqualTo(session.generate(PROMPT, config(5)).ids());
    }
  }

  @Test
  void theSameStateGivesTheSameFile() throws IOException {
    byte[] whole = Files.readAllBytes(save());
    session.generate(text(session.generate(PROMPT, config(66))), config(20));
    session.rewind(70); // what was behind is not in the file
    Path again = folder.resolve("again");
    session.save(again);
    assertThat(Files.readAllBytes(again)).isEqualTo(whole);
    try (Session restored = model.restoreSession(again);
        Session fork = restored.fork()) {
      fork.save(again);
      assertThat(Files.readAllBytes(again)).isEqualTo(whole);
    }
  }

  @Test
  void savingReplacesAFileAndLeavesTheSession() throws IOException {
    Path file = folder.resolve("session");
    Files.writeString(file, "old");
    save();
    assertThat(session.position()).isEqualTo(70);
    assertThat(session.messages()).isEqualTo(MESSAGES);
    model.restoreSession(file).close();
    if (Files.getFileStore(file).supportsFileAttributeView(PosixFileAttributeView.class)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-------");
    }
  }

  @Test
  void aFileThatCannotBeWrittenLeavesNothing() throws IOException {
    session.generate(PROMPT, config(3));
    Path occupied = Files.createDirectories(folder.resolve("directory").resolve("full"));
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> session.save(occupied.getParent()));
    assertThat(occupied).exists();
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> session.save(folder.resolve("no").resolve("folder")));
    assertThatExceptionOfType(IOException.class).isThrownBy(() -> session.save(Path.of("/")));
    assertThat(session.position()).isEqualTo(7);
  }

  @Test
  void anInterruptedThreadWritesNothing() {
    session.generate(PROMPT, config(3));
    Path file = folder.resolve("session");
    Thread.currentThread().interrupt();
    assertThatExceptionOfType(IOException.class).isThrownBy(() -> session.save(file));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(file).doesNotExist();
  }

  @Test
  void theLongestSessionIsRestored() throws IOException {
    GenerationConfig shifting =
        GenerationConfig.builder().maxTokens(1).overflow(OverflowPolicy.SHIFT).build();
    session.generate(new int[128], shifting);
    Path file = folder.resolve("full");
    session.save(file);
    try (Session restored = model.restoreSession(file)) {
      assertThat(restored.position()).isEqualTo(128);
    }
  }

  // ---- What is refused

  @Test
  void everyBitOfTheHeaderCounts() throws IOException {
    Path file = save();
    byte[] whole = Files.readAllBytes(file);
    for (int bit = 0; bit < 8 * HEADER; bit++) {
      assertFlipIsRefused(file, whole, bit);
    }
    model.restoreSession(Files.write(file, whole)).close();
  }

  @Test
  void anyBitOfTheRestCounts() throws IOException {
    Path file = save();
    byte[] whole = Files.readAllBytes(file);
    List<Integer> bits = new ArrayList<>(List.of(8 * whole.length - 1));
    IntStream.range(HEADER, HEADER + 4 * 70 + 60).forEach(at -> bits.add(8 * at + at % 8));
    new Random(5).ints(400, 8 * HEADER, 8 * whole.length).forEach(bits::add);
    for (int bit : bits) {
      assertFlipIsRefused(file, whole, bit);
    }
  }

  private static void assertFlipIsRefused(Path file, byte[] whole, int bit) throws IOException {
    byte[] damaged = whole.clone();
    damaged[bit / 8] ^= (byte) (1 << bit % 8);
    Files.write(file, damaged);
    assertThatExceptionOfType(SessionFormatException.class)
        .as("bit " + bit)
        .isThrownBy(() -> model.restoreSession(file));
    assertThat(model.kvMemory().liveBlocks()).as("bit " + bit).isEqualTo(2);
  }

  @Test
  void aFileThatIsCutShortOrTooLongIsRefused() throws IOException {
    Path file = save();
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length += length < HEADER + 9 ? 1 : 997) {
      Files.write(file, Arrays.copyOf(whole, length));
      int bytes = length;
      assertThatExceptionOfType(SessionFormatException.class)
          .as(bytes + " bytes")
          .isThrownBy(() -> model.restoreSession(file));
    }
    Files.write(file, Arrays.copyOf(whole, whole.length + 1));
    assertRefused(file, "size of the file at byte 72: expected " + whole.length + " bytes");
  }

  @Test
  void saysWhatIsWrong() throws IOException {
    Path file = save();
    byte[] whole = Files.readAllBytes(file);
    assertRefused(
        Files.writeString(folder.resolve("x"), "a letter"), "found a file of another kind");
    assertRefused(Files.write(file, Arrays.copyOf(whole, 20)), "expected 88 bytes, found 20");
    forge(file, whole, 8, 1, 4); // the layout of the KV cache was another one
    assertRefused(file, "version at byte 8: expected 2, found 1");
    forge(file, whole, 12, 1, 4);
    assertRefused(file, "type of the KV cache at byte 12: expected F32, found F16; load the model");
    forge(file, whole, 12, 9, 4);
    assertRefused(file, "found number 9");
    forge(file, whole, 16, 0, 4);
    assertRefused(file, "model at byte 16: expected the fingerprint of " + SampleModels.TIED);
    byte[] damaged = whole.clone();
    damaged[whole.length - 9] ^= 1;
    assertRefused(Files.write(file, damaged), "block of the KV cache at byte");
    damaged = whole.clone();
    damaged[HEADER] ^= 1;
    assertRefused(Files.write(file, damaged), "ids and messages at byte 88: expected the checksum");
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> model.restoreSession(folder.resolve("none")));
    assertThatExceptionOfType(IOException.class).isThrownBy(() -> model.restoreSession(folder));
  }

  /** Checksums that are right do not make lies about sizes true. */
  @Test
  void forgedSizesAreRefusedBeforeMemoryIsTaken() throws IOException {
    Path file = save();
    byte[] whole = Files.readAllBytes(file);
    int[] ints = {-1, 0, 1, 71, 128, 129, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE};
    for (int at : new int[] {48, 52}) {
      for (int value : ints) {
        forge(file, whole, at, value, 4);
        assertRefused(file, "found");
      }
    }
    long[] longs = {-1, 0, 1, Integer.MAX_VALUE, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE};
    for (int at : new int[] {56, 64, 72}) {
      for (long value : longs) {
        forge(file, whole, at, value, 8);
        assertRefused(file, "found");
      }
    }
  }

  @Test
  void forgedIdsAndMessagesAreRefused() throws IOException {
    Path file = save();
    byte[] whole = Files.readAllBytes(file);
    int messages = HEADER + 4 * 70;
    int[][] forgeries = {
      {HEADER, -1},
      {HEADER + 4, 296},
      {messages, -1},
      {messages, 0}, // a role without characters
      {messages, 7},
      {messages, Integer.MAX_VALUE},
      {messages + 4 + 12, Integer.MIN_VALUE},
      {messages + 4 + 12, 3},
    };
    for (int[] forgery : forgeries) {
      ByteBuffer forged = ByteBuffer.wrap(whole.clone()).order(ByteOrder.LITTLE_ENDIAN);
      forged.putInt(forgery[0], forgery[1]);
      CRC32C crc = new CRC32C();
      crc.update(forged.slice(HEADER, (int) forged.getLong(56)));
      forged.putInt(80, (int) crc.getValue());
      seal(forged);
      Files.write(file, forged.array());
      assertRefused(file, "; the file is damaged");
    }
  }

  @Test
  void anotherModelOrContextRefuses() throws IOException {
    Path file = save();
    Path changed = SampleModels.copy(SampleModels.TIED, folder.resolve("changed"));
    SampleModels.editTensor(
        changed, "model.layers.0.mlp.up_proj.weight", data -> data[7] ^= changeOfTrit(data[7]));
    try (Model other = Model.load(changed)) {
      assertThatExceptionOfType(SessionFormatException.class)
          .isThrownBy(() -> other.restoreSession(file))
          .withMessageContaining("restore the session with the model it was saved with");
    }
    LoadOptions half = LoadOptions.builder().kvCache(KvCacheType.F16).build();
    try (Model other = Model.load(SampleModels.TIED, half)) {
      assertThatExceptionOfType(SessionFormatException.class)
          .isThrownBy(() -> other.restoreSession(file))
          .withMessageContaining("expected F16, found F32");
    }
    try (Model small =
        Model.load(SampleModels.TIED, LoadOptions.builder().contextLength(69).build())) {
      assertThatExceptionOfType(SessionFormatException.class)
          .isThrownBy(() -> small.restoreSession(file))
          .withMessageContaining("expected at most 69 (the context length), found 70");
    }
    try (Model enough =
            Model.load(SampleModels.TIED, LoadOptions.builder().contextLength(70).build());
        Session restored = enough.restoreSession(file)) {
      assertThat(restored.position()).isEqualTo(70);
    }
  }

  /** What turns the first of four trits, a code from 0 to 2, into another one. */
  private static byte changeOfTrit(byte codes) {
    return (byte) ((codes & 3) == 0 ? 1 : codes & 3);
  }

  @Test
  void aClosedModelOrSessionRefuses() throws IOException {
    Path file = save();
    Model closed = Model.load(SampleModels.TIED);
    closed.close();
    assertThatIllegalStateException().isThrownBy(() -> closed.restoreSession(file));
    Session other = model.newSession();
    other.close();
    assertThatIllegalStateException().isThrownBy(() -> other.save(file));
  }

  // ---- Fingerprints

  @Test
  void theFingerprintIsThatOfTheWeightsWhateverTheKernels() throws IOException {
    for (String name : List.of("b158-tied", "llama-bitlinear", "old-1bitllm")) {
      Path directory = SampleModels.golden(name);
      byte[] expected = fingerprint(directory, "scalar");
      assertThat(fingerprint(directory, "vector")).as(name).isEqualTo(expected);
      assertThat(expected).hasSize(32);
      assertThat(Arrays.equals(expected, model.fingerprint())).isEqualTo(name.equals("b158-tied"));
    }
  }

  @Test
  void theFingerprintIsThatOfTheWeightsWhateverTheFile() throws IOException {
    Path golden = SampleModels.TIED.getParent();
    for (String name : List.of("model-i2_s.gguf", "model-tq2_0.gguf")) {
      assertThat(fingerprint(golden.resolve(name), "vector"))
          .as(name)
          .isEqualTo(model.fingerprint());
    }
  }

  private static byte[] fingerprint(Path directory, String kernels) throws IOException {
    LoadOptions options = LoadOptions.builder().kernels(kernels).threads(1).build();
    try (TransformerModel loaded = (TransformerModel) Model.load(directory, options)) {
      return loaded.fingerprint();
    }
  }

  @Test
  void oneTritOrOneNormChangesTheFingerprint() throws IOException {
    List<byte[]> fingerprints = new ArrayList<>(List.of(model.fingerprint()));
    List<String> tensors =
        List.of(
            "model.layers.1.self_attn.v_proj.weight",
            "model.layers.0.mlp.down_proj.weight",
            "model.layers.1.input_layernorm.weight",
            "model.norm.weight");
    for (int i = 0; i < tensors.size(); i++) {
      Path changed = SampleModels.copy(SampleModels.TIED, folder.resolve("changed" + i));
      boolean norm = tensors.get(i).contains("norm");
      SampleModels.editTensor(
          changed, tensors.get(i), data -> data[0] ^= norm ? (byte) 1 : changeOfTrit(data[0]));
      byte[] fingerprint = fingerprint(changed, "vector");
      assertThat(fingerprints).as(tensors.get(i)).noneMatch(f -> Arrays.equals(f, fingerprint));
      fingerprints.add(fingerprint);
    }
  }

  // ---- Memory

  @Test
  void aThousandSessionsLeaveNoMemory() throws IOException {
    Path file = save();
    for (int i = 0; i < 1000; i++) {
      Session restored = model.restoreSession(file);
      Session fork = restored.fork();
      if (i % 3 == 0) {
        restored.close();
      }
      fork.generate(PROMPT, config(2)); // another text from there on
      if (i % 100 == 0) {
        fork.save(file.resolveSibling("fork"));
      }
      try (Session second = fork.fork()) {
        fork.close();
        second.rewind(i % 6);
      }
      restored.close();
      assertThat(model.kvMemory().liveBlocks()).as("after " + i).isEqualTo(2);
    }
  }

  // ---- Places

  @Test
  void aHugeSizeIsRefusedBeforeMemoryIsTaken() throws IOException {
    Path file = save();
    byte[] whole = Files.readAllBytes(file);
    long content = 2_000_000_000L;
    ByteBuffer forged = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
    long blocks = whole.length - HEADER - forged.getLong(56);
    forged.putLong(56, content).putLong(72, HEADER + content + blocks);
    seal(forged);
    Files.write(file, whole);
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(HEADER + content + blocks);
    }
    assertRefused(file, "sizes at byte 56");
    Files.delete(file);
  }

  @Test
  void refusesToSaveMoreTextThanCanBeRestored() {
    session.addMessage(ChatMessage.user("x".repeat(1 << 23)));
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> session.save(folder.resolve("session")))
        .withMessageContaining("expected messages of at most 16777216 bytes");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void savesAndRestoresRegularFilesOnly() throws IOException, InterruptedException {
    Path pipe = folder.resolve("pipe");
    assumeThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    for (Path path : List.of(pipe, Path.of("/dev/null"), folder)) {
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> session.save(path))
          .withMessageStartingWith(path + ": expected a regular file");
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> model.restoreSession(path))
          .withMessageStartingWith(path + ": expected a regular file");
    }
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("real"));
    session.save(link);
    assertThat(link).isSymbolicLink();
    assertThat(folder.resolve("real")).isRegularFile();
    Session restored = model.restoreSession(link);
    restored.close();
  }
}
