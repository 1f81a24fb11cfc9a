import Encoding

/// What a platform is there for, `production`: policies and promotion go by it.
///
/// Lower-case letters, digits and `-` inside, 1 to 63 characters.
public struct EnvironmentName: Hashable, Sendable, CustomStringConvertible {
  /// The name as text.
  public let description: String

  /// Takes a name that keeps the rules; throws `environment.malformed`.
  public init(parsing text: String) throws(Problem) {
    guard text.isHyphenatedLabel else {
      throw Problem(
        .badInput, "environment.malformed",
        "expected an environment of 1 to 63 lower-case letters, digits and '-' that starts and ends with a letter or"
          + " digit, found '\(text.excerpt(80))'",
        hint: "name it like 'dev', 'staging' or 'production'")
    }
    description = text
  }
}
