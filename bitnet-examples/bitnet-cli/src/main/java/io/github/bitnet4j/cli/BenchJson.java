package io.github.bitnet4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.bitnet4j.ModelInfo;
import io.github.bitnet4j.cli.BenchReport.FirstTokens;
import io.github.bitnet4j.cli.BenchReport.Run;
import io.github.bitnet4j.cli.BenchReport.Speed;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Locale;

/** Writes what {@code bench} found as one JSON object. */
final class BenchJson {
  private final BenchReport report;
  private final JsonGenerator json;

  private BenchJson(BenchReport report, JsonGenerator json) {
    this.report = report;
    this.json = json;
  }

  static String of(BenchReport report) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      new BenchJson(report, json).write();
    }
    return text.toString();
  }

  private void write() throws IOException {
    json.writeStartObject();
    machine(report.machine());
    model(report.model());
    fresh();
    json.writeArrayFieldStart("runs");
    for (Run run : report.runs()) {
      run(run);
    }
    json.writeEndArray();
    json.writeNumberField("seconds", report.seconds());
    json.writeEndObject();
  }

  private void machine(Machine machine) throws IOException {
    json.writeObjectFieldStart("machine");
    json.writeStringField("cpu", machine.cpu());
    json.writeNumberField("processors", machine.processors());
    json.writeStringField("system", machine.system());
    json.writeStringField("jdk", machine.jdk());
    json.writeEndObject();
  }

  private void model(ModelInfo model) throws IOException {
    json.writeObjectFieldStart("model");
    json.writeStringField("path", model.path().toString());
    json.writeStringField("architecture", model.architecture());
    json.writeNumberField("parameters", model.parameterCount());
    json.writeNumberField("contextLength", model.contextLength());
    json.writeStringField("kernels", model.kernels());
    json.writeNumberField("vectorBits", model.vectorBits());
    json.writeNumberField("mappedBytes", model.mappedBytes());
    json.writeNumberField("preparedBytes", model.preparedBytes());
    json.writeNumberField("weightBytesPerToken", model.weightBytesPerToken());
    json.writeEndObject();
  }

  private void fresh() throws IOException {
    json.writeObjectFieldStart("freshJvm");
    FirstTokens fresh = report.fresh();
    json.writeNumberField("threads", fresh.threads());
    if (!fresh.skipped().isEmpty()) {
      json.writeStringField("skipped", fresh.skipped());
    }
    if (!fresh.jvms().isEmpty()) {
      samples("firstTokenMillis", fresh.firstTokenMillis());
      samples("loadMillis", fresh.loadMillis());
      FreshJvm last = fresh.jvms().getLast();
      if (last.residentAfterLoad() >= 0) {
        json.writeNumberField("residentBytesAfterLoad", last.residentAfterLoad());
        json.writeNumberField("residentBytesAfterDecode", last.residentAfterDecode());
      }
      json.writeNumberField("kvCacheBytes", last.kvCacheBytes());
    }
    json.writeEndObject();
  }

  private void run(Run run) throws IOException {
    json.writeStartObject();
    json.writeNumberField("threads", run.threads());
    samples("readBandwidthGBPerSecond", run.bandwidth());
    samples("loadMillis", run.loadMillis());
    json.writeArrayFieldStart("speeds");
    for (Speed speed : run.speeds()) {
      speed(run, speed);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("profiles");
    for (StepProfile profile : run.profiles()) {
      profile(profile);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("notes");
    for (String note : run.notes()) {
      json.writeString(note);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void speed(Run run, Speed speed) throws IOException {
    Workload workload = speed.workload();
    json.writeStartObject();
    json.writeStringField("kind", workload.kind().name().toLowerCase(Locale.ROOT));
    json.writeNumberField("tokens", workload.tokens());
    json.writeNumberField("context", workload.context());
    json.writeNumberField("sessions", workload.sessions());
    if (speed.rate().isPresent()) {
      samples("tokensPerSecond", speed.rate().get());
      if (workload.readsWeightsForEachToken()) {
        double rate = Run.weightRate(speed, report.model());
        json.writeNumberField("weightGBPerSecond", rate);
        json.writeNumberField("ofReadBandwidth", rate / run.bandwidth().median());
      }
    }
    if (!speed.skipped().isEmpty()) {
      json.writeStringField("skipped", speed.skipped());
    }
    json.writeEndObject();
  }

  private void profile(StepProfile profile) throws IOException {
    json.writeStartObject();
    json.writeNumberField("rows", profile.rows());
    json.writeNumberField("passes", profile.passes());
    json.writeNumberField("millis", profile.totalMillis());
    json.writeArrayFieldStart("steps");
    for (StepProfile.Step step : profile.steps()) {
      json.writeStartObject();
      json.writeStringField("name", step.name());
      json.writeNumberField("millis", step.millis());
      json.writeNumberField("percent", 100 * step.millis() / profile.totalMillis());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void samples(String name, Samples samples) throws IOException {
    json.writeObjectFieldStart(name);
    json.writeNumberField("median", samples.median());
    json.writeNumberField("min", samples.min());
    json.writeNumberField("max", samples.max());
    json.writeArrayFieldStart("values");
    for (double value : samples.values()) {
      json.writeNumber(value);
    }
    json.writeEndArray();
    json.writeEndObject();
  }
}
