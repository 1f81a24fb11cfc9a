/// Looks for the name that somebody may have meant.
public enum NearName {
  /// How many letters may differ; past three, a guess helps nobody.
  private static let reach = 3

  /// The name among `names` that is nearest to `text`; nil where none is near.
  ///
  /// Near is a Levenshtein distance of at most 3, and at most half the length of the text. Takes time in
  /// proportion to the number of names: of each at most the first 64 letters are compared.
  public static func nearest(to text: String, among names: some Sequence<String>) -> String? {
    let wanted = Array(text.utf8.prefix(64))
    var best: (name: String, distance: Int)?
    for name in names {
      let candidate = Array(name.utf8.prefix(64))
      guard abs(candidate.count - wanted.count) <= reach else { continue }
      let distance = distance(wanted, candidate)
      guard distance <= reach, distance * 2 <= wanted.count, distance < best?.distance ?? .max else {
        continue
      }
      best = (name, distance)
    }
    return best?.name
  }

  /// Levenshtein's distance (1965), by Wagner and Fischer's rows (1974).
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (number, byte) in left.enumerated() {
      var diagonal = row[0]
      row[0] = number + 1
      for index in right.indices {
        let substituted = diagonal + (right[index] == byte ? 0 : 1)
        diagonal = row[index + 1]
        row[index + 1] = min(substituted, row[index] + 1, diagonal + 1)
      }
    }
    return row[right.count]
  }
}
