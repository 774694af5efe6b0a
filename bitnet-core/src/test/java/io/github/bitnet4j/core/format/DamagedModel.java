package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ChatMessage;
import io.github.bitnet4j.ContextOverflowException;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.tools.CheckReport;
import io.github.bitnet4j.core.tools.Inspection;
import io.github.bitnet4j.core.tools.ModelChecker;
import io.github.bitnet4j.core.tools.ModelInspector;
import io.github.bitnet4j.tokenizer.ChatTemplateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A small model with one file that is to be damaged. Whatever is in that file, the model loads and
 * generates, or is rejected; what else is thrown escapes from {@link #run}.
 */
final class DamagedModel {
  /** Which file is damaged. */
  enum Kind {
    SAFETENSORS("model.safetensors"),
    GGUF("model.gguf"),
    /** As {@code GGUF}, but with a vocabulary that can be used, and a larger file. */
    GGUF_WITH_VOCABULARY("model.gguf"),
    /** A model and a vocabulary whose metadata and tensors say other things. */
    GGUF_CONTENT("model.gguf"),
    /** Bytes that only begin like a GGUF file. */
    GGUF_BYTES("model.gguf"),
    CONFIG("config.json"),
    INDEX("model.safetensors.index.json"),
    TOKENIZER("tokenizer.json"),
    TOKENIZER_CONFIG("tokenizer_config.json");

    final String file;

    Kind(String file) {
      this.file = file;
    }
  }

  /** What became of a damaged file. */
  enum Verdict {
    LOADED,
    REJECTED
  }

  private static final GenerationConfig SHORT =
      GenerationConfig.builder().maxTokens(2).ignoreStopTokens(true).build();
  private static final LoadOptions ONE_THREAD = LoadOptions.builder().threads(1).build();

  private final Path model;
  private final Path file;
  private final byte[] original;

  private DamagedModel(Path model, Path file) throws IOException {
    this.model = model;
    this.file = file;
    original = Files.readAllBytes(file);
  }

  /** Creates an undamaged model in an empty folder. */
  static DamagedModel create(Kind kind, Path folder) throws IOException {
    Path model =
        switch (kind) {
          case SAFETENSORS, CONFIG ->
              SampleModels.copy(
                  SampleModels.resource("malformed").resolve("hf_ok_offline"), folder);
          case INDEX ->
              SampleModels.copy(
                  SampleModels.resource("malformed").resolve("hf_ok_sharded"), folder);
          case GGUF ->
              Files.copy(
                  SampleModels.resource("malformed").resolve("ggufm_ok.gguf"),
                  folder.resolve(kind.file));
          case GGUF_WITH_VOCABULARY, GGUF_CONTENT, GGUF_BYTES ->
              Files.copy(
                  SampleModels.golden("old-1bitllm").resolveSibling("model-i2_s.gguf"),
                  folder.resolve(kind.file));
          case TOKENIZER, TOKENIZER_CONFIG -> {
            SampleModels.synthetic(folder, new SampleModels.Sizes(16, 16, 1, 2, 1, 2048, 128), 1);
            for (Kind each : new Kind[] {Kind.TOKENIZER, Kind.TOKENIZER_CONFIG}) {
              Files.copy(SampleModels.DEMO.resolve(each.file), folder.resolve(each.file));
            }
            yield folder;
          }
        };
    return new DamagedModel(model, folder.resolve(kind.file));
  }

  /** Returns the bytes of the undamaged file. */
  byte[] original() {
    return original.clone();
  }

  /** Tries the model with other bytes in its file. */
  Verdict run(byte[] bytes) throws IOException {
    Files.write(file, bytes);
    try (Model loaded = Model.load(model, ONE_THREAD);
        Session session = loaded.newSession()) {
      generate(loaded, session);
      return Verdict.LOADED;
    } catch (ModelFormatException e) {
      checkMessage(e);
      return Verdict.REJECTED;
    }
  }

  /** Describes and checks the file that was tried last; what is thrown is a fault. */
  void examine() throws IOException {
    try {
      Inspection inspection = ModelInspector.inspect(model, ONE_THREAD);
      inspection.metadata().forEach((key, value) -> checkText(key + value));
      inspection.tensors().forEach(tensor -> checkText(tensor.name()));
    } catch (ModelFormatException e) {
      checkMessage(e);
    }
    CheckReport report = ModelChecker.check(model, ONE_THREAD);
    report.findings().forEach(finding -> checkText(finding.toString()));
  }

  private static void checkMessage(ModelFormatException e) {
    if (!e.getMessage().startsWith(e.path() + ": ") || e.getMessage().length() > 2000) {
      throw new AssertionError("a message without its file, or too long", e);
    }
    checkText(e.getMessage());
  }

  private static void checkText(String text) {
    if (text.codePoints().anyMatch(Character::isISOControl)) {
      throw new AssertionError("a text with control characters: " + text);
    }
  }

  /** Does what an application does; only documented exceptions are expected. */
  private static void generate(Model model, Session session) {
    try {
      session.generate(new int[] {0}, SHORT);
      if (model.info().contextLength() > 2) {
        session.generate(new int[] {model.info().vocabSize() - 1, 0}, SHORT);
      }
      session.generate("Once upon 1 time, é", SHORT);
      session.chat(ChatMessage.user("hello <|eot_id|>"), SHORT);
    } catch (NonFiniteValueException | ContextOverflowException | ChatTemplateException e) {
      // documented
    } catch (IllegalStateException e) {
      if (!e.getMessage().contains("tokenizer") && !e.getMessage().contains("template")) {
        throw e;
      }
    }
  }
}
