package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.core.format.ChildJvm.Result;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Descriptions of models that are too large for a small heap: rejected, not run out of memory. */
class LargeHeadersTest {
  @TempDir Path temp;

  private interface Content {
    void write(Bytes out) throws IOException;
  }

  /** Little-endian output. */
  private record Bytes(OutputStream out) {
    void u32(int value) throws IOException {
      out.write(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
    }

    void u64(long value) throws IOException {
      out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    }

    void text(String text) throws IOException {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }

    void string(String text) throws IOException {
      u64(text.length());
      text(text);
    }
  }

  private Path write(Path file, Content content) throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
      content.write(new Bytes(out));
    }
    return file;
  }

  private static String load(Path model) throws IOException, InterruptedException {
    Result result = ChildJvm.run(LoadingProgram.class, List.of("-Xmx256m"), 500, model.toString());
    assertThat(result.exitCode()).as(result.output()).isZero();
    return result.output();
  }

  private Path directory() throws IOException {
    return SampleModels.copy(
        SampleModels.resource("malformed").resolve("hf_ok_offline"), temp.resolve("model"));
  }

  private String loadWithHeader(Content header) throws IOException, InterruptedException {
    Path model = directory();
    Path json = write(temp.resolve("header.json"), header);
    write(
        model.resolve("model.safetensors"),
        out -> {
          out.u64(Files.size(json));
          Files.copy(json, out.out);
        });
    return load(model);
  }

  @Test
  void safetensorsHeadersOf50Megabytes() throws IOException, InterruptedException {
    String output = loadWithHeader(out -> out.text("{" + " ".repeat(50 << 20) + "}"));
    assertThat(output).contains("rejected", "header length");
  }

  @Test
  void safetensorsMetadataOfTwoMillionKeys() throws IOException, InterruptedException {
    String output =
        loadWithHeader(
            out -> {
              out.text("{\"__metadata__\":{\"a\":\"\"");
              for (int i = 0; i < 2_000_000; i++) {
                out.text(",\"" + i + "\":\"\"");
              }
              out.text("}}");
            });
    assertThat(output)
        .contains("rejected", "header, entry \"__metadata__\": expected", "at most 131072 keys");
  }

  @Test
  void safetensorsMetadataOf30Megabytes() throws IOException, InterruptedException {
    String output =
        loadWithHeader(
            out -> out.text("{\"__metadata__\":{\"a\":\"" + "x".repeat(30 << 20) + "\"}}"));
    assertThat(output)
        .contains("rejected", "header, entry \"__metadata__\": expected", "16777216 characters");
  }

  @Test
  void safetensorsTensorsWithLongNames() throws IOException, InterruptedException {
    String output =
        loadWithHeader(
            out -> {
              String name = "n".repeat(260);
              for (int i = 0; i < 99_999; i++) {
                out.text(
                    (i == 0 ? '{' : ',')
                        + "\"%s%d\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}"
                            .formatted(name, i));
              }
              out.text("}");
            });
    assertThat(output).contains("rejected", "expected the tensor model.embed_tokens.weight");
  }

  @Test
  void configurationsOf60Megabytes() throws IOException, InterruptedException {
    Path model = directory();
    write(
        model.resolve("config.json"),
        out -> out.text("{\"architectures\":\"" + "\u00e9".repeat(30 << 20) + "\"}"));
    assertThat(load(model)).contains("rejected", "bytes of JSON");
  }

  @Test
  void configurationsOf900ThousandValues() throws IOException, InterruptedException {
    Path model = directory();
    write(
        model.resolve("config.json"),
        out -> {
          out.text("{\"architectures\":[\"x\"");
          for (int i = 0; i < 900_000; i++) {
            out.text(",123456789");
          }
          out.text("]}");
        });
    assertThat(load(model)).contains("rejected", "architectures");
  }

  private String loadGguf(int tensors, int entries, Content rest)
      throws IOException, InterruptedException {
    return load(
        write(
            temp.resolve("model.gguf"),
            out -> {
              out.text("GGUF");
              out.u32(3);
              out.u64(tensors);
              out.u64(entries);
              rest.write(out);
            }));
  }

  @Test
  void ggufKeysOf100Megabytes() throws IOException, InterruptedException {
    String output =
        loadGguf(
            0,
            100_000,
            out -> {
              String key = "k".repeat(1000);
              for (int i = 0; i < 100_000; i++) {
                out.string("%s%06d".formatted(key, i));
                out.u32(7);
                out.out.write(1);
              }
            });
    assertThat(output).contains("rejected", "bytes together");
  }

  @Test
  void ggufTextsOf180Megabytes() throws IOException, InterruptedException {
    String output =
        loadGguf(
            0,
            3,
            out -> {
              String text = "x".repeat(60 << 20);
              for (int i = 0; i < 3; i++) {
                out.string("key" + i);
                out.u32(8);
                out.string(text);
              }
            });
    assertThat(output).contains("rejected", "bytes together");
  }

  @Test
  void ggufTensorNamesOf100Megabytes() throws IOException, InterruptedException {
    String output =
        loadGguf(
            100_000,
            0,
            out -> {
              String name = "n".repeat(1000);
              for (int i = 0; i < 100_000; i++) {
                out.string("%s%06d".formatted(name, i));
                out.u32(1);
                out.u64(1);
                out.u32(0);
                out.u64(32L * i);
              }
            });
    assertThat(output).contains("rejected", "bytes together");
  }

  private String loadVocabulary(Content arrays, int entries)
      throws IOException, InterruptedException {
    return loadGguf(
        0,
        6 + entries,
        out -> {
          for (String[] text :
              new String[][] {
                {"general.architecture", "bitnet"},
                {"tokenizer.ggml.model", "gpt2"}
              }) {
            out.string(text[0]);
            out.u32(8);
            out.string(text[1]);
          }
          for (String key :
              List.of(
                  "embedding_length",
                  "attention.head_count",
                  "block_count",
                  "feed_forward_length")) {
            out.string("bitnet." + key);
            out.u32(4);
            out.u32(key.equals("attention.head_count") ? 2 : 8);
          }
          arrays.write(out);
        });
  }

  private static void strings(Bytes out, String key, int count, String prefix) throws IOException {
    out.string(key);
    out.u32(9);
    out.u32(8);
    out.u64(count);
    for (int i = 0; i < count; i++) {
      out.string(prefix + Integer.toString(i, 36));
    }
  }

  @Test
  void ggufVocabulariesOf16MillionTokens() throws IOException, InterruptedException {
    String output = loadVocabulary(out -> strings(out, "tokenizer.ggml.tokens", 1 << 24, ""), 1);
    assertThat(output).contains("rejected", "tokenizer.ggml.tokens: expected at most 1048576");
  }

  @Test
  void ggufVocabulariesOf2MillionMerges() throws IOException, InterruptedException {
    String output =
        loadVocabulary(
            out -> {
              strings(out, "tokenizer.ggml.tokens", 1000, "");
              strings(out, "tokenizer.ggml.merges", 2_000_000, "1 ");
            },
            2);
    assertThat(output).contains("rejected", "tokenizer.ggml.merges: expected at most 1048576");
  }

  @Test
  void ggufVocabulariesOfAMillionTokensAndMerges() throws IOException, InterruptedException {
    String output =
        loadVocabulary(
            out -> {
              strings(out, "tokenizer.ggml.tokens", 1 << 20, "");
              strings(out, "tokenizer.ggml.merges", 1 << 20, "1 ");
            },
            2);
    assertThat(output).contains("rejected", "expected the tensor token_embd.weight");
  }

  @Test
  void tokenizersOfTwoMillionTokens() throws IOException, InterruptedException {
    Path model = directory();
    Files.copy(
        SampleModels.DEMO.resolve("tokenizer_config.json"), model.resolve("tokenizer_config.json"));
    String demo = Files.readString(SampleModels.DEMO.resolve("tokenizer.json"));
    int vocab = demo.indexOf("\"vocab\"");
    int open = demo.indexOf('{', vocab) + 1;
    write(
        model.resolve("tokenizer.json"),
        out -> {
          out.text(demo.substring(0, open));
          for (int i = 0; i < 2_000_000; i++) {
            out.text("\"zz%s\":%d,".formatted(Integer.toString(i, 36), 5000 + i));
          }
          out.text(demo.substring(open));
        });
    assertThat(load(model)).contains("rejected", "expected at most 10 tokens");
  }
}
