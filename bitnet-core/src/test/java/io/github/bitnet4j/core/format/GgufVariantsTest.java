package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.ChatMessage;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.format.EditableGguf.Content;
import io.github.bitnet4j.core.format.GgufValue.IntValue;
import io.github.bitnet4j.core.format.GgufValue.StringValue;
import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceStep;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.tokenizer.ChatTemplateException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The ways in which converters write one and the same model: each gives the logits of the golden
 * file, bit for bit, or is refused by name. All files here have whole numbers as i64 and floats as
 * f64.
 */
class GgufVariantsTest {
  private static final Path GOLDEN = SampleModels.resource("golden");
  private static final Path TIED = GOLDEN.resolve("b158-tied").resolve("model-i2_s.gguf");
  private static final Path LLAMA = GOLDEN.resolve("llama-bitlinear").resolve("model-i2_s.gguf");
  private static final int[] IDS = {3, 141, 59, 26, 5, 35};

  @TempDir Path temp;

  private static TraceStep logits(Path file, LoadOptions options) throws IOException {
    try (Model model = Model.load(file, options);
        Session session = model.newSession()) {
      return Trace.record(session, IDS).step("logits").orElseThrow();
    }
  }

  private static TraceStep logits(Path file) throws IOException {
    return logits(file, LoadOptions.defaults());
  }

  private TraceStep logits(EditableGguf gguf) throws IOException {
    return logits(gguf.write(temp.resolve("model.gguf")));
  }

  private void assertSameLogits(EditableGguf gguf, TraceStep expected) throws IOException {
    GoldenFormatsTest.assertLogits(logits(gguf), expected, 0);
  }

  private void assertRefused(EditableGguf gguf, String... parts) throws IOException {
    Path file = gguf.write(temp.resolve("refused.gguf"));
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(() -> Model.load(file).close())
        .withMessageStartingWith(file + ": ")
        .withMessageContaining("expected")
        .withMessageContaining("found")
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }

  private static void editLinears(EditableGguf gguf, LinearEdit edit) {
    for (Map.Entry<String, Content> tensor : gguf.tensors.entrySet()) {
      if (tensor.getValue().type() == GgufType.I2_S.id()) {
        Content old = tensor.getValue();
        tensor.setValue(edit.apply(TritEncoder.decodeI2s(old), TritEncoder.scaleOfI2s(old)));
      }
    }
  }

  private interface LinearEdit {
    Content apply(byte[][] trits, float scale);
  }

  /** Returns a model whose scales are exact in every float type. */
  private static EditableGguf withShortScales(Path model) throws IOException {
    EditableGguf gguf = EditableGguf.read(model);
    editLinears(
        gguf,
        (trits, scale) -> {
          float bf16 = Float.intBitsToFloat(Float.floatToRawIntBits(scale) & 0xFFFF_0000);
          assertThat(Float.float16ToFloat(Float.floatToFloat16(bf16))).isEqualTo(bf16);
          return TritEncoder.encode(GgufType.I2_S, trits, bf16);
        });
    return gguf;
  }

  // ---- Ternary types

  @ParameterizedTest
  @CsvSource({
    "b158-tied, I2_S", "b158-tied, IQ2_BN", "b158-tied, IQ1_BN",
    "b158-tied, F32", "b158-tied, F16", "b158-tied, BF16",
    "llama-bitlinear, I2_S", "llama-bitlinear, IQ2_BN", "llama-bitlinear, IQ1_BN",
    "llama-bitlinear, F32", "llama-bitlinear, F16", "llama-bitlinear, BF16"
  })
  void everyTernaryTypeGivesTheSameLogits(String folder, GgufType type) throws IOException {
    EditableGguf gguf = withShortScales(GOLDEN.resolve(folder).resolve("model-i2_s.gguf"));
    TraceStep expected = logits(gguf);
    editLinears(gguf, (trits, scale) -> TritEncoder.encode(type, trits, scale));
    assertThat(gguf.tensors.values()).filteredOn(t -> t.type() == type.id()).hasSizeGreaterThan(13);
    assertSameLogits(gguf, expected);
  }

  @Test
  void filesWrittenOnArmAreReadIfTheOptionSaysSo() throws IOException {
    EditableGguf gguf = EditableGguf.read(TIED);
    editLinears(gguf, TritEncoder::encodeArmI2s);
    Path file = gguf.write(temp.resolve("arm.gguf"));
    LoadOptions arm = LoadOptions.builder().armI2sLayout(true).build();
    TraceStep expected = logits(TIED);
    GoldenFormatsTest.assertLogits(logits(file, arm), expected, 0);
    TraceStep misread = logits(file);
    boolean same = true;
    for (int id = 0; id < expected.columns(); id++) {
      same &= misread.get(0, id) == expected.get(0, id);
    }
    assertThat(same).isFalse();
  }

  @ParameterizedTest
  @ValueSource(floats = {1, 0.25f})
  void aScaleMayStandInATensorOfItsOwn(float inside) throws IOException {
    EditableGguf gguf = EditableGguf.read(TIED);
    for (String name : List.copyOf(gguf.tensors.keySet())) {
      Content old = gguf.tensors.get(name);
      if (old.type() == GgufType.I2_S.id()) {
        byte[][] trits = TritEncoder.decodeI2s(old);
        gguf.tensors.put(name, TritEncoder.encode(GgufType.I2_S, trits, inside));
        gguf.putFloats(name.replace(".weight", ".scale"), TritEncoder.scaleOfI2s(old) / inside);
      }
    }
    assertSameLogits(gguf, logits(TIED));
  }

  @ParameterizedTest
  @ValueSource(floats = {0, -1, Float.NaN, Float.POSITIVE_INFINITY})
  void anExtraScaleMustBePositiveAndFinite(float scale) throws IOException {
    EditableGguf gguf = EditableGguf.read(TIED);
    gguf.putFloats("blk.1.ffn_up.scale", scale);
    assertRefused(gguf, "blk.1.ffn_up.weight", "a positive finite weight scale");
  }

  @Test
  void anExtraScaleIsOneNumber() throws IOException {
    EditableGguf gguf = EditableGguf.read(TIED);
    gguf.putFloats("blk.1.ffn_up.scale", 1, 1);
    assertRefused(gguf, "blk.1.ffn_up.scale", "[1, 1]", "[2]");
  }

  @ParameterizedTest
  @CsvSource({
    "model-tq1_0.gguf, TQ1_0, 54, 52", "model-tq2_0.gguf, TQ2_0, 66, 64",
    "model-i2_s.gguf, IQ2_BN, 68, 0", "model-i2_s.gguf, IQ1_BN, 54, 0"
  })
  void scalesThatDifferBetweenBlocksAreRefused(String file, GgufType type, int stride, int offset)
      throws IOException {
    EditableGguf gguf = EditableGguf.read(TIED.resolveSibling(file));
    if (type == GgufType.IQ2_BN || type == GgufType.IQ1_BN) {
      editLinears(gguf, (trits, scale) -> TritEncoder.encode(type, trits, scale));
    }
    assertThat(logits(gguf).rows()).isEqualTo(IDS.length);
    ByteBuffer q =
        ByteBuffer.wrap(gguf.tensors.get("blk.0.attn_q.weight").data())
            .order(ByteOrder.LITTLE_ENDIAN);
    int last = q.capacity() / stride * stride - stride + offset;
    if (type == GgufType.IQ2_BN) {
      q.putFloat(last, 7);
    } else {
      q.putShort(last, Float.floatToFloat16(7));
    }
    String group = type.blockSize() == 256 ? "256 weights" : "row of 256 weights";
    assertRefused(
        gguf,
        "blk.0.attn_q.weight",
        "one scale in all blocks",
        "7.0",
        "a scale for every " + group + "; only one scale for the whole tensor is supported");
  }

  @Test
  void linearLayersOfOtherTypesAreRefused() throws IOException {
    EditableGguf gguf = EditableGguf.read(TIED);
    gguf.tensors.put(
        "blk.0.attn_q.weight",
        new Content(GgufType.Q8_0.id(), List.of(256L, 256L), new byte[256 * 8 * 34]));
    assertRefused(gguf, "blk.0.attn_q.weight", "a ternary type", "Q8_0");
  }

  @ParameterizedTest
  @CsvSource({
    "4, Q4_2",
    "5, Q4_3",
    "31, Q4_0_4_4",
    "32, Q4_0_4_8",
    "33, Q4_0_8_8",
    "37, I8_S",
    "38, TL1",
    "39, TL2",
    "39, MXFP4",
    "40, NVFP4",
    "41, Q1_0",
    "41, 1-bit Bonsai",
    "42, Q2_0",
    "42, Ternary-Bonsai models (Qwen3)",
    "43, engines use differently",
    "142, PQ2_0",
    "142, a scale for every 128 weights; only one scale for the whole tensor is supported",
    "143, PTQ1_0",
    "143, Ternary-Bonsai",
    "335, IQ2_BN_R4",
    "999, an unknown type"
  })
  void typesThatCannotBeReadAreNamed(int type, String name) throws IOException {
    EditableGguf gguf = EditableGguf.read(TIED);
    Content old = gguf.tensors.get("blk.0.ffn_down.weight");
    gguf.tensors.put("blk.0.ffn_down.weight", new Content(type, old.dimensions(), old.data()));
    assertRefused(gguf, "blk.0.ffn_down.weight", "type " + type + ": ", name);
  }

  // ---- Head, embedding, rotary factors

  @ParameterizedTest
  @ValueSource(strings = {"b158-tied", "old-1bitllm"})
  void aHeadOfItsOwnIsUsed(String folder) throws IOException {
    Path model = GOLDEN.resolve(folder).resolve("model-i2_s.gguf");
    EditableGguf gguf = EditableGguf.read(model);
    Content embedding = gguf.tensors.get("token_embd.weight");
    int rowBytes = (int) (embedding.data().length / embedding.dimensions().get(1));
    byte[] rotated = new byte[embedding.data().length]; // row i is row i + 1 of the embedding
    System.arraycopy(embedding.data(), rowBytes, rotated, 0, rotated.length - rowBytes);
    System.arraycopy(embedding.data(), 0, rotated, rotated.length - rowBytes, rowBytes);
    gguf.tensors.put(
        "output.weight", new Content(embedding.type(), embedding.dimensions(), rotated));
    TraceStep tied = logits(model);
    TraceStep untied = logits(gguf);
    for (int row = 0; row < tied.rows(); row++) {
      for (int id = 0; id < tied.columns(); id++) {
        assertThat(untied.get(row, id)).isEqualTo(tied.get(row, (id + 1) % tied.columns()));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(DenseType.class)
  void embeddingsOfEveryDenseTypeGiveTheLogitsOfTheirValues(DenseType type) throws IOException {
    int rows = 296;
    int columns = 256;
    Random random = new Random(17);
    byte[] blocks = new byte[(int) type.rowBytes(columns) * rows];
    random.nextBytes(blocks);
    ByteBuffer bytes = ByteBuffer.wrap(blocks).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < blocks.length; at += type.blockBytes()) {
      switch (type) {
        case F32 -> bytes.putFloat(at, random.nextFloat() - 0.5f);
        case F16 -> bytes.putShort(at, half(random));
        case BF16 -> bytes.putShort(at, (short) (0x3E00 | random.nextInt(256)));
        case Q4_0, Q5_0, Q8_0 -> bytes.putShort(at, half(random));
        case Q4_1, Q5_1, Q4_K, Q5_K ->
            bytes.putShort(at, half(random)).putShort(at + 2, half(random));
        case Q6_K -> bytes.putShort(at + 208, Float.floatToFloat16(0.001f));
      }
    }
    DenseMatrix embedding =
        new DenseMatrix("e", type, rows, columns, MemorySegment.ofArray(blocks));
    float[] values = new float[rows * columns];
    for (int row = 0; row < rows; row++) {
      embedding.copyRow(row, values, row * columns);
    }
    EditableGguf gguf = EditableGguf.read(TIED);
    List<Long> dimensions = List.of((long) columns, (long) rows);
    gguf.tensors.put(
        "token_embd.weight",
        new Content(GgufType.F32.id(), dimensions, EditableGguf.littleEndian(values)));
    TraceStep expected = logits(gguf);
    gguf.tensors.put("token_embd.weight", new Content(ggufType(type).id(), dimensions, blocks));
    GoldenFormatsTest.assertLogits(logits(gguf), expected, 1e-5);
  }

  private static short half(Random random) {
    return Float.floatToFloat16(random.nextFloat() * 0.02f);
  }

  private static GgufType ggufType(DenseType type) {
    return Arrays.stream(GgufType.values())
        .filter(t -> t.dense().isPresent() && t.dense().get() == type)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void rotaryFactorsOfOneAreAccepted() throws IOException {
    EditableGguf gguf = EditableGguf.read(LLAMA);
    float[] factors = new float[16];
    Arrays.fill(factors, 1);
    gguf.putFloats("rope_freqs.weight", factors);
    assertSameLogits(gguf, logits(LLAMA));
    factors[7] = 8;
    gguf.putFloats("rope_freqs.weight", factors);
    assertRefused(gguf, "rope_freqs.weight", "8.0", "rotary");
    gguf.putFloats("rope_freqs.weight", 1);
    assertRefused(gguf, "rope_freqs.weight", "[16, 1]");
  }

  // ---- Metadata

  @Test
  void theListOfTokensTellsTheVocabularySize() throws IOException {
    EditableGguf gguf = EditableGguf.read(TIED);
    assertThat(gguf.metadata.remove("bitnet-b1.58.vocab_size")).isEqualTo(new IntValue(296));
    assertSameLogits(gguf, logits(TIED));
    gguf.metadata.put("bitnet-b1.58.vocab_size", new IntValue(295));
    assertRefused(gguf, "tokenizer.ggml.tokens", "295", "296");
  }

  @Test
  void theOlderNameOfTheArchitectureIsTheSame() throws IOException {
    EditableGguf gguf = EditableGguf.read(TIED);
    for (String key : List.copyOf(gguf.metadata.keySet())) {
      if (key.startsWith("bitnet-b1.58.")) {
        gguf.metadata.put(key.replace("bitnet-b1.58.", "bitnet-25."), gguf.metadata.remove(key));
      }
    }
    gguf.metadata.put("general.architecture", new StringValue("bitnet-25"));
    assertSameLogits(gguf, logits(TIED));
  }

  @ParameterizedTest
  @ValueSource(strings = {"token_embd.weight", "blk.0.attn_norm.weight"})
  void theOrderOfTensorsIsFree(String last) throws IOException {
    EditableGguf gguf = EditableGguf.read(TIED);
    gguf.tensors.put(last, gguf.tensors.remove(last));
    List<String> names = new ArrayList<>(gguf.tensors.keySet());
    Collections.shuffle(names, new Random(1));
    names.forEach(name -> gguf.tensors.put(name, gguf.tensors.remove(name)));
    assertSameLogits(gguf, logits(TIED));
  }

  // ---- What the metadata does not explain

  @ParameterizedTest
  @ValueSource(
      strings = {
        "blk.0.attn_sub_norm.weight", "blk.1.ffn_sub_norm.weight", "blk.0.attn_q_norm.weight",
        "blk.0.attn_q.bias", "blk.0.attn_norm.bias", "blk.1.post_ffw_norm.weight",
        "blk.2.attn_q.weight"
      })
  void tensorsThatWouldChangeTheModelAreRefused(String name) throws IOException {
    EditableGguf gguf = EditableGguf.read(LLAMA);
    gguf.putFloats(name, new float[128]);
    assertRefused(gguf, name, "the metadata explains");
  }

  @Test
  void tensorsThatChangeNothingAreIgnored() throws IOException {
    EditableGguf gguf = EditableGguf.read(LLAMA);
    gguf.putFloats("something.else", 1, 2, 3);
    assertSameLogits(gguf, logits(LLAMA));
  }

  @Test
  void aChatTemplateThatWritesNothingIsNamedAsTheFault() throws IOException {
    EditableGguf gguf = EditableGguf.read(GOLDEN.resolve("old-1bitllm").resolve("model-i2_s.gguf"));
    gguf.metadata.put("tokenizer.chat_template", new StringValue("{# nothing #}"));
    try (Model model = Model.load(gguf.write(temp.resolve("model.gguf")));
        Session session = model.newSession()) {
      assertThatExceptionOfType(ChatTemplateException.class)
          .isThrownBy(() -> session.chat(ChatMessage.user("Hi")))
          .withMessageContaining("it writes nothing");
    }
  }

  // ---- Splits

  private List<Path> split(int parts) throws IOException {
    EditableGguf whole = EditableGguf.read(TIED);
    List<String> names = List.copyOf(whole.tensors.keySet());
    List<Path> files = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      EditableGguf some = new EditableGguf();
      if (part == 0) {
        some.metadata.putAll(whole.metadata);
      }
      some.metadata.put("split.no", new IntValue(part));
      some.metadata.put("split.count", new IntValue(parts));
      some.metadata.put("split.tensors.count", new IntValue(names.size()));
      for (int i = part; i < names.size(); i += parts) {
        some.tensors.put(names.get(i), whole.tensors.get(names.get(i)));
      }
      String name = "m-%05d-of-%05d.gguf".formatted(part + 1, parts);
      files.add(some.write(temp.resolve(name)));
    }
    return files;
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 27})
  void anyFileOfASplitModelOpensAll(int parts) throws IOException {
    TraceStep expected = logits(TIED);
    for (Path file : split(parts)) {
      GoldenFormatsTest.assertLogits(logits(file), expected, 0);
    }
  }

  private static void editSplit(Path file, String key, long value) throws IOException {
    EditableGguf gguf = EditableGguf.read(file);
    gguf.metadata.put(key, new IntValue(value));
    gguf.write(file);
  }

  private void assertSplitRefused(Path opened, String... parts) {
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(() -> Model.load(opened).close())
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }

  @Test
  void splitFilesMustBeComplete() throws IOException {
    List<Path> files = split(3);
    Files.move(files.get(1), temp.resolve("elsewhere.gguf"));
    assertSplitRefused(files.get(0), "split.count", "3 files", files.get(1).toString());
    assertSplitRefused(temp.resolve("elsewhere.gguf"), "split.count", "-00001-of-00003.gguf");
  }

  @Test
  void splitFilesMustAgree() throws IOException {
    List<Path> files = split(3);
    editSplit(files.get(1), "split.no", 2);
    assertSplitRefused(files.get(0), files.get(1).toString(), "split.no", "1");
    split(3);
    editSplit(files.get(0), "split.tensors.count", 12);
    assertSplitRefused(files.get(2), "split.tensors.count", "12");
    split(3);
    EditableGguf second = EditableGguf.read(files.get(1));
    second.putFloats("output_norm.weight", new float[256]);
    second.write(files.get(1));
    assertSplitRefused(files.get(0), "output_norm.weight", "found it in two");
  }
}
