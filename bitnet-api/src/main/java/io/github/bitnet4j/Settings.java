package io.github.bitnet4j;

/** Checks values of settings. */
final class Settings {
  private Settings() {}

  /** Throws an {@link IllegalArgumentException} that names the setting, unless it is ok. */
  static void check(boolean ok, String setting, String expected, Object found) {
    if (!ok) {
      throw new IllegalArgumentException(setting + ": expected " + expected + ", found " + found);
    }
  }
}
