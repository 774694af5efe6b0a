/**
 * Output constraints: from the source of a grammar to the set of tokens that may come next.
 *
 * <p>Readers ({@code GbnfParser}, {@code RegexParser}, {@code JsonSchemaReader}) make a {@code
 * Grammar}: rules of {@code Expr}essions over bytes. {@code GrammarCompiler} checks it and makes a
 * graph of {@code Node}s. A {@code WorkBudget} bounds the work of each of these steps and ends it
 * when the caller does not want the result any more. {@code Automaton} runs that graph: its states
 * are sets of stacks, kept and connected as they are met. {@code CompiledConstraint} walks a state
 * and the {@code TokenTrie} of the vocabulary together; {@code ConstraintState} follows one
 * generation. {@code ModelConstraints} is the way in.
 */
@NullMarked
package io.github.bitnet4j.core.constraint;

import org.jspecify.annotations.NullMarked;
