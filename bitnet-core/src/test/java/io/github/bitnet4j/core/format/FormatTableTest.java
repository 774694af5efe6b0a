package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The table of file variants in {@code docs/formats.md} is what this test finds when it loads them.
 * When it fails, the file {@code target/formats.md} is the new table.
 */
class FormatTableTest {
  private static final Path DOCUMENT = Path.of("..", "docs", "formats.md");
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** As long as {@code bitnet-b1.58}, which it replaces. */
  private static final String OTHER_ARCHITECTURE = "qwen3-other.";

  private static final String FLOAT_LINEAR =
      "reads: trits times one scale are recovered; others are quantized by absmean, in files of"
          + " architecture `llama` on request only";

  @TempDir private Path temp;
  private final List<String> lines = new ArrayList<>();
  private int copies;

  @Test
  void theDocumentShowsWhatTheLoaderDoes() throws IOException {
    lines.add("# File variants");
    lines.add("");
    lines.add("What the loader reads, and with which message it refuses the rest. Written by");
    lines.add("`FormatTableTest`, which loads each of them; do not edit by hand.");
    huggingFace();
    ggufFiles();
    ggufTypes();
    String found = String.join("\n", lines) + "\n";
    Files.writeString(Path.of("target", "formats.md"), found);
    assertThat(Files.readString(DOCUMENT)).isEqualTo(found);
  }

  // ---- Hugging Face directories

  private void huggingFace() throws IOException {
    heading("Hugging Face directories", "variant");
    row("`BitNetForCausalLM`, packed U8, tied head (2B-4T)", SampleModels.golden("b158-tied"));
    row("the same, shards, own head", SampleModels.golden("b158-untied-sharded"));
    row("the same, bf16 masters (`online`)", SampleModels.golden("b158-bf16-online"));
    row(
        "`LlamaForCausalLM`, `bitlinear` (Llama3-8B-1.58, Falcon3)",
        SampleModels.golden("llama-bitlinear"));
    row("the same with `use_rms_norm`", SampleModels.golden("llama-bitlinear-rmsnorm"));
    row(
        "`LlamaForCausalLM`, `autobitlinear` (Falcon-E)",
        SampleModels.golden("llama-autobitlinear"));
    row("`BitnetForCausalLM` (1bitLLM large and 3B)", SampleModels.golden("old-1bitllm"));
    config("architectures", "[\"MambaForCausalLM\"]");
    config("hidden_act", "\"gelu\"");
    config("attention_bias", "true");
    config("rope_scaling", "{\"rope_type\": \"llama3\", \"factor\": 8.0}");
    config("rope_parameters", "{\"rope_type\": \"default\", \"rope_theta\": 500000.0}");
    config("quantization_config.quant_method", "\"gptq\"");
    config("quantization_config.linear_class", "\"other\"");
    config("quantization_config.quantization_mode", "\"other\"");
    config("quantization_config.quantization_mode", "\"online\"");
    config("quantization_config.modules_to_not_convert", "[\"lm_head\", \"model.norm\"]");
    config("quantization_config.modules_to_not_convert", "[\"q_proj\"]");
    config("quantization_config", "null");
    config("num_key_value_heads", "3");
    config("head_dim", "63");
    Path empty = Files.createDirectory(temp.resolve("empty"));
    row("a directory without `config.json`", empty);
    Path one = Files.createDirectory(temp.resolve("one"));
    Files.copy(gguf("b158-tied", "model-i2_s.gguf"), one.resolve("model.gguf"));
    row("the same with one GGUF file", one);
    keys("Keys of `config.json`", HuggingFaceKeys.RULES);
    keys("Keys of `rope_scaling` and `rope_parameters`", HuggingFaceKeys.ROPE_RULES);
  }

  private void config(String key, String json) throws IOException {
    Path model = SampleModels.copy(SampleModels.TIED, temp.resolve("hf" + copies++));
    SampleModels.setConfig(model, key, json);
    row("`" + key + "` = `" + json + "`", model);
  }

  // ---- GGUF files

  private void ggufFiles() throws IOException {
    heading("GGUF files", "variant");
    row("`bitnet-b1.58`, I2_S", gguf("b158-tied", "model-i2_s.gguf"));
    row("`bitnet-b1.58`, TQ1_0", gguf("b158-tied", "model-tq1_0.gguf"));
    row("`bitnet-b1.58`, TQ2_0", gguf("b158-tied", "model-tq2_0.gguf"));
    row("`bitnet-b1.58`, Q6_K embeddings", gguf("b158-tied", "model-i2_s-embd_q6_k.gguf"));
    row("`llama`, I2_S, permuted queries and keys", gguf("llama-bitlinear", "model-i2_s.gguf"));
    row("`bitnet`, I2_S", gguf("old-1bitllm", "model-i2_s.gguf"));
    row(
        "`general.architecture` = `" + OTHER_ARCHITECTURE + "`",
        edited(FormatTableTest::setArchitecture));
    row("version 1", edited(bytes -> bytes.set(INT, 4, 1)));
    row("big-endian", edited(bytes -> bytes.set(INT, 4, 3 << 24)));
    for (int id : new int[] {4, 5, 31, 32, 33, 37, 38, 39, 40, 41, 42, 43, 142, 143, 335, 999}) {
      row("a weight of type number " + id, edited(bytes -> setType(bytes, id)));
    }
    Path other = Files.writeString(temp.resolve("model.bin"), "something else");
    row("a file of another kind", other);
    keys("Keys of GGUF files, after the name of the architecture", GgufKeys.RULES);
  }

  // ---- Keys: the loader asks the same tables

  private void keys(String title, Map<String, KeyRule> rules) {
    lines.add("");
    lines.add("### " + title);
    lines.add("");
    lines.add("| keys | accepted values |");
    lines.add("| --- | --- |");
    Map<String, List<String>> byRule = new LinkedHashMap<>();
    for (KeyRule rule : rules.values()) {
      String accepted =
          switch (rule.use()) {
            case APPLIED -> "applied, and checked";
            case IRRELEVANT -> "any: they change nothing";
            case NEUTRAL_ONLY -> rule.accepted();
          };
      byRule.computeIfAbsent(accepted, _ -> new ArrayList<>()).add("`" + rule.key() + "`");
    }
    byRule.forEach(
        (accepted, keys) -> lines.add("| %s | %s |".formatted(String.join(", ", keys), accepted)));
  }

  private static Path gguf(String golden, String file) {
    return SampleModels.resource("golden").resolve(golden).resolve(file);
  }

  private interface Edit {
    void apply(MemorySegment bytes);
  }

  private Path edited(Edit edit) throws IOException {
    byte[] bytes = Files.readAllBytes(gguf("b158-tied", "model-i2_s.gguf"));
    edit.apply(MemorySegment.ofArray(bytes));
    return Files.write(temp.resolve("edited" + copies++ + ".gguf"), bytes);
  }

  private static void setArchitecture(MemorySegment bytes) {
    MemorySegment.copy(
        MemorySegment.ofArray(OTHER_ARCHITECTURE.getBytes(StandardCharsets.UTF_8)),
        0,
        bytes,
        find(bytes, "general.architecture") + "general.architecture".length() + 4 + 8,
        OTHER_ARCHITECTURE.length());
  }

  /** A tensor's name is followed by the number of dimensions, the dimensions and the type. */
  private static void setType(MemorySegment bytes, int id) {
    String name = "blk.0.attn_q.weight";
    bytes.set(INT, find(bytes, name) + name.length() + 4 + 2 * 8, id);
  }

  private static long find(MemorySegment bytes, String text) {
    byte[] wanted = text.getBytes(StandardCharsets.UTF_8);
    for (long at = 0; at + wanted.length <= bytes.byteSize(); at++) {
      if (bytes.asSlice(at, wanted.length).mismatch(MemorySegment.ofArray(wanted)) < 0) {
        return at;
      }
    }
    throw new AssertionError("no " + text);
  }

  // ---- Tensor types: the loader asks the same questions of the type

  private void ggufTypes() {
    lines.add("");
    lines.add("## GGUF tensor types");
    lines.add("");
    lines.add("| type | as a linear layer | as embedding, head or norm |");
    lines.add("| --- | --- | --- |");
    for (GgufType type : GgufType.values()) {
      boolean plain = type.dense().filter(dense -> dense.blockSize() == 1).isPresent();
      String linear = type.ternary().isPresent() ? "reads" : "refuses: expected a ternary type";
      lines.add(
          "| %s | %s | %s |"
              .formatted(
                  type,
                  plain ? FLOAT_LINEAR : linear,
                  type.dense().isPresent() ? "reads" : "refuses: expected a supported dense type"));
    }
  }

  // ---- The table

  private void heading(String title, String first) {
    lines.add("");
    lines.add("## " + title);
    lines.add("");
    lines.add("| " + first + " | verdict |");
    lines.add("| --- | --- |");
  }

  private void row(String variant, Path model) throws IOException {
    lines.add("| %s | %s |".formatted(variant, verdict(model).replace("|", "\\|")));
  }

  private static String verdict(Path path) throws IOException {
    try {
      Model.load(path).close();
      return "reads";
    } catch (ModelFormatException e) {
      Path file = Objects.requireNonNull(e.path());
      String problem = Objects.requireNonNull(e.getMessage()).substring(file.toString().length());
      Path name = Objects.requireNonNull(file.getFileName());
      boolean copied = name.toString().matches("(edited|hf)\\d+(\\.gguf)?|empty|model\\.bin");
      return "refuses: " + (copied ? problem.substring(2) : name + problem);
    }
  }
}
