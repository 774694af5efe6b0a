/** Models and sessions as the API promises them: loading, the generation loop, chat. */
@NullMarked
package io.github.bitnet4j.core.session;

import org.jspecify.annotations.NullMarked;
