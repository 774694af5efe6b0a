package io.github.bitnet4j.core.format;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufFile.GgufTensor;
import io.github.bitnet4j.core.format.WeightSource.MasterRule;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.tokenizer.Tokenizer;
import io.github.bitnet4j.tokenizer.TokenizerFormatException;
import io.github.bitnet4j.tokenizer.file.Printable;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model in a GGUF file, or in several that were split from one.
 *
 * <p>Files with a vocabulary that is incomplete or of an unknown kind exist, so such a model still
 * loads; it then takes token ids only.
 */
public final class GgufModel {
  private static final Logger LOG = LoggerFactory.getLogger(Model.class);
  static final Pattern SPLIT_NAME = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");
  private static final int MAX_SPLITS = 99_999;

  private GgufModel() {}

  static ModelFiles open(Path path, FileMemory memory, LoadOptions options) throws IOException {
    List<GgufFile> files = openAll(path, memory);
    GgufFile first = files.getFirst();
    GgufMetadata metadata = new GgufMetadata(first.path(), first.metadata());
    Map<String, GgufTensor> tensors = new LinkedHashMap<>();
    long fileBytes = 0;
    for (GgufFile file : files) {
      fileBytes += file.fileBytes();
      for (GgufTensor tensor : file.tensors().values()) {
        if (tensors.put(tensor.name(), tensor) != null) {
          throw tensor.problem("expected it in one of the split files, found it in two");
        }
      }
    }
    int stated = metadata.optionalInt("split.tensors.count", 0, Integer.MAX_VALUE).orElse(-1);
    if (stated >= 0 && stated != tensors.size()) {
      throw metadata.problem("split.tensors.count", tensors.size() + ", as the files have", stated);
    }
    ModelConfig config = GgufConfig.read(metadata, tensors.containsKey("output.weight"));
    ModelFiles.contextLength(config, options);
    TernaryLayout i2sLayout = options.armI2sLayout() ? TernaryLayout.I2_S_ARM : TernaryLayout.I2_S;
    GgufWeights weights =
        new GgufWeights(
            first.path(),
            config,
            tensors.values(),
            i2sLayout,
            masterRule(config, options),
            fileBytes);
    String shown = Printable.message(path.toString());
    Tokenizer tokenizer = null;
    String noTokenizerReason = "the file has no tokenizer.ggml keys";
    try {
      tokenizer = GgufTokenizer.read(metadata, path.toString());
      if (GgufTokenizer.hasPlaceholderTemplate(metadata)) {
        LOG.warn(
            "{}: its chat template is a converter's placeholder; the one that bitnet-b1.58-2B-4T"
                + " was trained with is used instead",
            shown);
      }
    } catch (TokenizerFormatException e) {
      noTokenizerReason = "its tokenizer cannot be used: " + e.getMessage();
      LOG.warn("{} takes token ids only: {}", shown, Printable.message(noTokenizerReason));
    }
    return new ModelFiles(
        config,
        stopIds(metadata, config.vocabSize()),
        tokenizer,
        noTokenizerReason,
        List.of(),
        weights,
        memory);
  }

  private static MasterRule masterRule(ModelConfig config, LoadOptions options) {
    if (!config.architecture().equals("llama")) {
      return MasterRule.RECOVER_OR_QUANTIZE; // the others are those of models trained for trits
    }
    return options.quantizeMasters() ? MasterRule.ON_REQUEST : MasterRule.RECOVER;
  }

  private static List<Integer> stopIds(GgufMetadata metadata, int vocabSize)
      throws ModelFormatException {
    List<Integer> ids = new ArrayList<>();
    for (String key : List.of("tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id")) {
      metadata.optionalInt(key, 0, vocabSize - 1).ifPresent(ids::add);
    }
    return ids;
  }

  /**
   * Opens the file, and if it is one of several all of them, the first one first.
   *
   * @param arena owns their memory
   * @param copy whether to copy the files instead of mapping them
   */
  public static List<GgufFile> openAll(Path path, Arena arena, boolean copy) throws IOException {
    return openAll(path, new FileMemory(arena, copy));
  }

  private static List<GgufFile> openAll(Path path, FileMemory memory) throws IOException {
    GgufFile file = GgufFile.open(path, memory);
    GgufMetadata metadata = new GgufMetadata(path, file.metadata());
    int count = metadata.optionalInt("split.count", 0, MAX_SPLITS).orElse(1);
    if (count <= 1) {
      return List.of(file);
    }
    Path name = path.getFileName();
    Matcher matcher = SPLIT_NAME.matcher(name == null ? "" : name.toString());
    if (!matcher.matches() || Integer.parseInt(matcher.group(3)) != count) {
      throw metadata.problem(
          "split.count",
          "a file name that ends in -00001-of-%05d.gguf".formatted(count),
          String.valueOf(name));
    }
    List<GgufFile> files = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      Path part = path.resolveSibling("%s-%05d-of-%05d.gguf".formatted(matcher.group(1), i, count));
      if (!RegularFile.isPresent(part)) {
        throw metadata.problem("split.count", count + " files beside each other", "no " + part);
      }
      GgufFile opened = part.equals(path) ? file : GgufFile.open(part, memory);
      new GgufMetadata(part, opened.metadata()).requiredInt("split.no", i - 1, i - 1);
      files.add(opened);
    }
    return files;
  }
}
