import Artifacts
import Domain

/// Lists of packages to install: what does not come from the usual index by name and version.
enum Requirements {
  /// Says what a requirements file, or the pip part of a conda environment, fetches from elsewhere.
  ///
  /// Nothing for text that is no such list.
  static func judge(_ bytes: ArraySlice<UInt8>, _ subject: Subject, in walk: inout InspectionWalk) {
    var offset = 0
    var said = 0
    for line in bytes.prefix(1 << 20).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      defer { offset += line.count + 1 }
      guard said < 20, line.count < 2_000, let what = source(in: String(decoding: line, as: UTF8.self)) else {
        continue
      }
      said += 1
      walk.report(
        .mlflowRequirements,
        "expected packages by name and version, found '\(withoutPassword(what).escaped(limit: 120))'",
        subject,
        at: offset)
    }
  }

  /// The part of a line that fetches something from elsewhere.
  private static func source(in line: String) -> String? {
    var text = line[...]
    while let first = text.first,
      first == " " || first == "\t" || first == "-" && text.dropFirst().first == " "
    {
      text.removeFirst()
    }
    if let quote = text.first, quote == "\"" || quote == "'" {
      text = text.dropFirst().prefix { $0 != quote }
    }
    if text.hasPrefix("#") { return nil }
    let word = text.prefix { $0 != " " && $0 != "=" }
    // Another list beside this one is judged on its own.
    if ["-r", "-c", "--requirement", "--constraint"].contains(String(word)),
      OutsidePath.isInside(String(text.dropFirst(word.count).drop { $0 == " " || $0 == "=" }))
    {
      return nil
    }
    if options.contains(String(word)) || word.hasPrefix("-r") && word.count > 2
      || word.hasPrefix("-e") && word.count > 2
    {
      return String(text)
    }
    if addresses.contains(where: { text.hasPrefix($0) }) { return String(text) }
    // `package @ https://…`
    if let at = text.firstRange(of: "@ ") ?? text.firstRange(of: "@"),
      addresses.contains(where: { text[at.upperBound...].drop { $0 == " " }.hasPrefix($0) })
    {
      return String(text)
    }
    return nil
  }

  /// A password in an address is a finding of its own, and not shown.
  private static func withoutPassword(_ text: String) -> String {
    guard let scheme = text.firstRange(of: "://"), let at = text[scheme.upperBound...].firstIndex(of: "@"),
      !text[scheme.upperBound..<at].contains("/")
    else { return text }
    return text[..<scheme.upperBound] + "…" + text[at...]
  }

  private static let options: Set<String> = [
    "--index-url", "-i", "--extra-index-url", "--find-links", "-f", "--trusted-host", "-r", "--requirement",
    "-e",
    "--editable", "-c", "--constraint", "--pre-release-index", "--no-verify",
  ]

  private static let addresses = [
    "git+", "hg+", "svn+", "bzr+", "http://", "https://", "file:", "ftp://", "ssh://", "git://", "../", "/",
  ]

  /// Whether a file of a directory is such a list, by the name that installers look for.
  static func isList(_ path: String) -> Bool {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return name.hasPrefix("requirements") && name.hasSuffix(".txt")
      || [
        "conda.yaml", "conda.yml", "python_env.yaml", "environment.yml", "environment.yaml",
        "constraints.txt",
      ]
      .contains(name)
  }
}
