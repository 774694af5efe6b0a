package io.github.bitnet4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.core.tools.Inspection;
import io.github.bitnet4j.core.tools.Inspection.MemoryEstimate;
import io.github.bitnet4j.core.tools.Inspection.TensorSummary;
import io.github.bitnet4j.core.tools.Inspection.TritCounts;
import io.github.bitnet4j.core.tools.ModelInspector;
import io.github.bitnet4j.tokenizer.file.Printable;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what is in model files, without loading the models. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Shows what is in model files: metadata, tensors, and the memory a model will need.",
      "Judges the container alone; the model in it is not loaded. Takes GGUF files,",
      "safetensors files and folders of Hugging Face models."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bitnet inspect model.gguf",
      "  bitnet inspect --json bitnet-b1.58-2B-4T",
      "  bitnet inspect --quiet *.gguf",
      "",
      "Exit code 1 if a file was rejected."
    })
final class InspectCommand implements Callable<Integer> {
  /** Output is pure ASCII, so that no encoding can damage it. */
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private final Terminal terminal;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Model files or folders.")
  private List<Path> files = List.of();

  @Option(names = "--json", description = "Print one JSON object a line for each file.")
  private boolean json;

  @Option(
      names = "--quiet",
      description = "Print one line for each file: OK path, or REJECTED path: reason.")
  private boolean quiet;

  @Option(
      names = "--kernels",
      paramLabel = "NAME",
      description =
          "Kernels that the memory is forecast for: vector, scalar. Default: those that loading"
              + " would choose.")
  private @Nullable String kernels;

  @Option(
      names = "--quantize-masters",
      description =
          "Quantize float weights although nothing says that the model was trained for it: master"
              + " weights of BitNet b1.58. An ordinary model then writes gibberish.")
  private boolean quantizeMasters;

  InspectCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    if (json && quiet) {
      throw new UsageException("expected --json or --quiet, found both");
    }
    boolean rejected = false;
    for (Path file : files) {
      String text;
      try {
        Inspection inspection = ModelInspector.inspect(file, options());
        text = quiet ? FileVerdict.ok(file) : json ? toJson(inspection) : toText(inspection);
      } catch (IOException e) {
        rejected = true;
        text = json ? toJson(file, e) : FileVerdict.rejected(file, e);
      }
      terminal.print(text);
    }
    return rejected ? ExitCode.SOFTWARE : ExitCode.OK;
  }

  private LoadOptions options() {
    LoadOptions.Builder options = LoadOptions.builder().quantizeMasters(quantizeMasters);
    if (kernels != null) {
      options.kernels(kernels);
    }
    return options.build();
  }

  // ---- For people

  private static String toText(Inspection inspection) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s: %s%s, %d tensors, %.1f M parameters, %s%n",
            Printable.message(inspection.path().toString()),
            inspection.format(),
            inspection.version() == 0 ? "" : " version " + inspection.version(),
            inspection.tensors().size(),
            inspection.parameterCount() / 1e6,
            bytes(inspection.fileBytes())));
    if (!inspection.metadata().isEmpty()) {
      text.append(String.format("%nMetadata%n")).append(metadata(inspection));
    }
    text.append(String.format("%nTensors%n")).append(tensors(inspection));
    text.append(String.format("%nMemory%n")).append(memory(inspection));
    return text.append(System.lineSeparator()).toString();
  }

  private static String metadata(Inspection inspection) {
    List<List<String>> lines = new ArrayList<>();
    inspection.metadata().forEach((key, value) -> lines.add(List.of(key, value)));
    return TextTable.of(lines, 2);
  }

  private static String tensors(Inspection inspection) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of("name", "type", "shape", "bytes", "offset", "-1", "0", "+1", "scale"));
    for (TensorSummary tensor : inspection.tensors()) {
      List<String> line = new ArrayList<>();
      line.add(tensor.name());
      line.add(tensor.type());
      line.add(tensor.shape().toString());
      line.add(String.valueOf(tensor.bytes()));
      line.add(String.valueOf(tensor.offset()));
      Optional<TritCounts> trits = tensor.trits();
      if (trits.isPresent()) {
        line.add(share(trits.get(), TritCounts::minus));
        line.add(share(trits.get(), TritCounts::zero));
        line.add(share(trits.get(), TritCounts::plus));
        line.add(tensor.scale().map(TraceTable::number).orElse(""));
        if (trits.get().invalid() > 0) {
          line.add(trits.get().invalid() + " INVALID");
        }
      }
      lines.add(line);
    }
    return TextTable.of(lines, 3);
  }

  private static String share(TritCounts trits, ToLongFunction<TritCounts> count) {
    double share = 100.0 * count.applyAsLong(trits) / trits.total();
    return String.format(Locale.ROOT, "%.1f %%", share);
  }

  private static String memory(Inspection inspection) {
    if (inspection.memory().isEmpty()) {
      return inspection.note() + System.lineSeparator();
    }
    MemoryEstimate memory = inspection.memory().get();
    return TextTable.of(
        List.of(
            List.of("weights, mapped", bytes(memory.mapped())),
            List.of(
                "weights, copies of " + memory.kernels() + " kernels", bytes(memory.prepared())),
            List.of(
                "KV cache of a session with " + memory.contextLength() + " tokens",
                bytes(memory.kvCache())),
            List.of("together", bytes(memory.total()))),
        1);
  }

  private static String bytes(long bytes) {
    return bytes < 1_000_000
        ? String.format(Locale.ROOT, "%.1f kB", bytes / 1e3)
        : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }

  // ---- For programs

  /** Writes the fields of an object. */
  @FunctionalInterface
  private interface Fields {
    void write(JsonGenerator out) throws IOException;
  }

  private static String object(Fields fields) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = JSON.createGenerator(text)) {
      out.writeStartObject();
      fields.write(out);
      out.writeEndObject();
    }
    return text + "\n";
  }

  private static String toJson(Path file, IOException e) throws IOException {
    return object(
        out -> {
          out.writeStringField("path", file.toString());
          out.writeStringField("error", String.valueOf(e.getMessage()));
        });
  }

  private static String toJson(Inspection inspection) throws IOException {
    return object(
        out -> {
          out.writeStringField("path", inspection.path().toString());
          out.writeStringField("format", inspection.format());
          out.writeNumberField("version", inspection.version());
          out.writeNumberField("fileBytes", inspection.fileBytes());
          out.writeNumberField("parameterCount", inspection.parameterCount());
          out.writeObjectFieldStart("metadata");
          for (Map.Entry<String, String> entry : inspection.metadata().entrySet()) {
            out.writeStringField(entry.getKey(), entry.getValue());
          }
          out.writeEndObject();
          out.writeArrayFieldStart("tensors");
          for (TensorSummary tensor : inspection.tensors()) {
            writeTensor(out, tensor);
          }
          out.writeEndArray();
          writeMemory(out, inspection);
        });
  }

  private static void writeTensor(JsonGenerator out, TensorSummary tensor) throws IOException {
    out.writeStartObject();
    out.writeStringField("name", tensor.name());
    out.writeStringField("file", tensor.file().toString());
    out.writeStringField("type", tensor.type());
    out.writeArrayFieldStart("shape");
    for (long dimension : tensor.shape()) {
      out.writeNumber(dimension);
    }
    out.writeEndArray();
    out.writeNumberField("offset", tensor.offset());
    out.writeNumberField("bytes", tensor.bytes());
    if (tensor.trits().isPresent()) {
      TritCounts trits = tensor.trits().get();
      out.writeObjectFieldStart("trits");
      out.writeNumberField("minus", trits.minus());
      out.writeNumberField("zero", trits.zero());
      out.writeNumberField("plus", trits.plus());
      out.writeNumberField("invalid", trits.invalid());
      out.writeEndObject();
    }
    if (tensor.scale().isPresent()) {
      float scale = tensor.scale().get();
      if (Float.isFinite(scale)) {
        out.writeNumberField("scale", scale);
      } else {
        out.writeStringField("scale", Float.toString(scale));
      }
    }
    out.writeEndObject();
  }

  private static void writeMemory(JsonGenerator out, Inspection inspection) throws IOException {
    if (inspection.memory().isEmpty()) {
      out.writeStringField("note", inspection.note());
      return;
    }
    MemoryEstimate memory = inspection.memory().get();
    out.writeObjectFieldStart("memory");
    out.writeNumberField("mapped", memory.mapped());
    out.writeNumberField("prepared", memory.prepared());
    out.writeNumberField("kvCache", memory.kvCache());
    out.writeNumberField("contextLength", memory.contextLength());
    out.writeStringField("kernels", memory.kernels());
    out.writeEndObject();
  }
}
