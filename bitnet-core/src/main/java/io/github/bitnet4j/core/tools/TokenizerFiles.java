package io.github.bitnet4j.core.tools;

import com.fasterxml.jackson.core.JsonGenerator;
import io.github.bitnet4j.core.format.GgufFile;
import io.github.bitnet4j.core.format.GgufMetadata;
import io.github.bitnet4j.tokenizer.Tokenizer;
import io.github.bitnet4j.tokenizer.TokenizerFormatException;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Writes the tokenizer of a model into a Hugging Face directory: copies the files of another
 * directory, or makes them from GGUF metadata of a byte-level vocabulary.
 */
final class TokenizerFiles {
  private static final List<String> FILES =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "tokenizer.model",
          "chat_template.jinja");

  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;

  private final Tokenizer tokenizer;
  private final List<String> tokens;
  private final int[] types;
  private final Splitter splitter;

  private TokenizerFiles(Tokenizer tokenizer, List<String> tokens, int[] types, Splitter splitter) {
    this.tokenizer = tokenizer;
    this.tokens = tokens;
    this.types = types;
    this.splitter = splitter;
  }

  /** Writes the files; adds to the warnings what the source does not tell. */
  static void write(Path directory, ModelSource source, List<String> warnings) throws IOException {
    if (source.gguf().isPresent()) {
      writeFromGguf(directory, source, source.gguf().get(), warnings);
      return;
    }
    for (String name : FILES) {
      Path file = source.path().resolve(name);
      if (RegularFile.isPresent(file)) {
        try (FileChannel in = RegularFile.open(file)) {
          Files.copy(Channels.newInputStream(in), directory.resolve(name));
        }
      }
    }
  }

  private static void writeFromGguf(
      Path directory, ModelSource source, GgufFile gguf, List<String> warnings) throws IOException {
    GgufMetadata metadata = new GgufMetadata(gguf.path(), gguf.metadata());
    Tokenizer tokenizer = source.files().tokenizer();
    String model = metadata.string("tokenizer.ggml.model").orElse("");
    int[] types = metadata.ints("tokenizer.ggml.token_type");
    // As the tokenizer itself does where the file does not say.
    String pre = metadata.string("tokenizer.ggml.pre").orElse(Splitter.LLAMA3.ggufName());
    Optional<Splitter> splitter = Splitter.ofGgufName(pre);
    String problem;
    if (tokenizer == null) {
      problem = source.files().noTokenizerReason();
    } else if (!model.equals("gpt2")) {
      problem = "tokenizer.ggml.model is " + model + ", and only gpt2 is converted";
    } else if (splitter.isEmpty()) {
      problem = "tokenizer.ggml.pre is " + pre + ", which is not converted";
    } else if (types.length == 0) {
      problem = "tokenizer.ggml.token_type is missing";
    } else {
      List<String> tokens = metadata.strings("tokenizer.ggml.tokens");
      List<String> merges = metadata.strings("tokenizer.ggml.merges");
      TokenizerFiles files = new TokenizerFiles(tokenizer, tokens, types, splitter.get());
      files.writeTokenizer(directory.resolve("tokenizer.json"), merges);
      files.writeConfig(
          directory.resolve("tokenizer_config.json"), source.config().contextLength());
      if (!metadata.string("tokenizer.chat_template").equals(tokenizer.chatTemplateSource())) {
        warnings.add(
            "the chat template of the file is a placeholder that the model was not trained with;"
                + " tokenizer_config.json has the published one");
      }
      problem = faultOf(directory);
    }
    if (!problem.isEmpty()) {
      for (String name : FILES) {
        Files.deleteIfExists(directory.resolve(name));
      }
      warnings.add(
          "no tokenizer.json is written: "
              + problem
              + "; copy tokenizer.json and tokenizer_config.json from the model's Hugging Face"
              + " page");
    }
  }

  /** Returns why the files that were written cannot be read back; empty if they can. */
  private static String faultOf(Path directory) throws IOException {
    try {
      Tokenizer.load(directory);
      return "";
    } catch (TokenizerFormatException e) {
      String message = String.valueOf(e.getMessage());
      return "the vocabulary is damaged: " + message.substring(message.indexOf(": ") + 2);
    }
  }

  private void writeTokenizer(Path file, List<String> merges) throws IOException {
    HuggingFaceJson.write(
        file,
        json -> {
          json.writeStartObject();
          json.writeStringField("version", "1.0");
          json.writeNullField("truncation");
          json.writeNullField("padding");
          writeAddedTokens(json);
          json.writeNullField("normalizer");
          writePreTokenizer(json);
          writePostProcessor(json);
          writeByteLevel(json, "decoder", true);
          json.writeObjectFieldStart("model");
          json.writeStringField("type", "BPE");
          json.writeNullField("dropout");
          json.writeNullField("unk_token");
          json.writeNullField("continuing_subword_prefix");
          json.writeNullField("end_of_word_suffix");
          json.writeBooleanField("fuse_unk", false);
          json.writeBooleanField("byte_fallback", false);
          json.writeBooleanField("ignore_merges", splitter == Splitter.LLAMA3);
          writeVocabulary(json);
          json.writeArrayFieldStart("merges");
          for (String merge : merges) {
            json.writeString(merge);
          }
          json.writeEndArray();
          json.writeEndObject();
          json.writeEndObject();
        });
  }

  private void writeAddedTokens(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("added_tokens");
    for (int id = 0; id < types.length; id++) {
      if (types[id] == CONTROL || types[id] == USER_DEFINED) {
        json.writeStartObject();
        json.writeNumberField("id", id);
        json.writeStringField("content", tokens.get(id));
        json.writeBooleanField("single_word", false);
        json.writeBooleanField("lstrip", false);
        json.writeBooleanField("rstrip", false);
        json.writeBooleanField("normalized", false);
        json.writeBooleanField("special", types[id] == CONTROL);
        json.writeEndObject();
      }
    }
    json.writeEndArray();
  }

  private void writeVocabulary(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("vocab");
    for (int id = 0; id < types.length; id++) {
      if (types[id] != CONTROL && types[id] != USER_DEFINED && types[id] != UNUSED) {
        json.writeNumberField(tokens.get(id), id);
      }
    }
    json.writeEndObject();
  }

  private void writePreTokenizer(JsonGenerator json) throws IOException {
    if (splitter == Splitter.GPT2) {
      writeByteLevel(json, "pre_tokenizer", true);
      return;
    }
    json.writeObjectFieldStart("pre_tokenizer");
    json.writeStringField("type", "Sequence");
    json.writeArrayFieldStart("pretokenizers");
    json.writeStartObject();
    json.writeStringField("type", "Split");
    json.writeObjectFieldStart("pattern");
    json.writeStringField("Regex", splitter.regex());
    json.writeEndObject();
    json.writeStringField("behavior", "Isolated");
    json.writeBooleanField("invert", false);
    json.writeEndObject();
    json.writeStartObject();
    writeByteLevelFields(json, false);
    json.writeEndObject();
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void writeByteLevel(JsonGenerator json, String key, boolean useRegex)
      throws IOException {
    json.writeObjectFieldStart(key);
    writeByteLevelFields(json, useRegex);
    json.writeEndObject();
  }

  private static void writeByteLevelFields(JsonGenerator json, boolean useRegex)
      throws IOException {
    json.writeStringField("type", "ByteLevel");
    json.writeBooleanField("add_prefix_space", false);
    json.writeBooleanField("trim_offsets", true);
    json.writeBooleanField("use_regex", useRegex);
  }

  /** What puts the beginning-of-sequence token before a text. */
  private void writePostProcessor(JsonGenerator json) throws IOException {
    OptionalInt bosId = tokenizer.bosId();
    if (bosId.isEmpty() || !tokenizer.addsBos()) {
      writeByteLevel(json, "post_processor", true);
      return;
    }
    String bos = tokens.get(bosId.getAsInt());
    json.writeObjectFieldStart("post_processor");
    json.writeStringField("type", "TemplateProcessing");
    for (String form : List.of("single", "pair")) {
      json.writeArrayFieldStart(form);
      writeTemplatePart(json, "SpecialToken", bos, 0);
      writeTemplatePart(json, "Sequence", "A", 0);
      if (form.equals("pair")) {
        writeTemplatePart(json, "SpecialToken", bos, 1);
        writeTemplatePart(json, "Sequence", "B", 1);
      }
      json.writeEndArray();
    }
    json.writeObjectFieldStart("special_tokens");
    json.writeObjectFieldStart(bos);
    json.writeStringField("id", bos);
    json.writeArrayFieldStart("ids");
    json.writeNumber(bosId.getAsInt());
    json.writeEndArray();
    json.writeArrayFieldStart("tokens");
    json.writeString(bos);
    json.writeEndArray();
    json.writeEndObject();
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void writeTemplatePart(JsonGenerator json, String kind, String id, int typeId)
      throws IOException {
    json.writeStartObject();
    json.writeObjectFieldStart(kind);
    json.writeStringField("id", id);
    json.writeNumberField("type_id", typeId);
    json.writeEndObject();
    json.writeEndObject();
  }

  private void writeConfig(Path file, int contextLength) throws IOException {
    HuggingFaceJson.write(
        file,
        json -> {
          json.writeStartObject();
          json.writeBooleanField("add_bos_token", tokenizer.addsBos());
          writeToken(json, "bos_token", tokenizer.bosId());
          writeToken(json, "eos_token", tokenizer.eosId());
          Optional<String> template = tokenizer.chatTemplateSource();
          if (template.isPresent()) {
            json.writeStringField("chat_template", template.get());
          }
          json.writeNumberField("model_max_length", contextLength);
          json.writeStringField("tokenizer_class", "PreTrainedTokenizerFast");
          json.writeEndObject();
        });
  }

  private void writeToken(JsonGenerator json, String key, OptionalInt id) throws IOException {
    if (id.isPresent()) {
      json.writeStringField(key, tokens.get(id.getAsInt()));
    }
  }
}
