/// Numbers of payment cards and bank accounts, told from other digits by their issuers, lengths and check digits.
enum SecretNumbers {
  /// A card number that begins at `index`: 15 or 16 digits, together or in the groups that are printed on cards.
  static func card(_ bytes: Span<UInt8>, at index: Int, numbersAreData: Bool) -> Range<Int>? {
    guard index + 15 <= bytes.count, 0x32...0x36 ~= bytes[index] else { return nil }
    if index > 0 {
      let before = bytes[index - 1]
      guard !SecretShapes.isTokenByte(before), before != UInt8(ascii: "."), before != UInt8(ascii: "+") else {
        return nil
      }
    }
    var digits: [UInt8] = []
    var groups: [Int] = [0]
    var place = index
    while place < bytes.count, digits.count < 17 {
      let byte = bytes[place]
      if SecretShapes.isDigit(byte) {
        digits.append(byte - 0x30)
        groups[groups.count - 1] += 1
      } else if byte == 0x20 || byte == UInt8(ascii: "-"), groups.count < 4, groups.last ?? 0 >= 4,
        place + 1 < bytes.count, SecretShapes.isDigit(bytes[place + 1])
      {
        groups.append(0)
      } else {
        break
      }
      place += 1
    }
    guard digits.count == 15 || digits.count == 16 else { return nil }
    let isGrouped = groups == [4, 4, 4, 4] || groups == [4, 6, 5]
    guard isGrouped || groups.count == 1, isIssued(digits), passesLuhn(digits) else { return nil }
    if place < bytes.count, SecretShapes.isTokenByte(bytes[place]) || bytes[place] == UInt8(ascii: ".") {
      // The end of a sentence, not of an integer's part.
      guard bytes[place] == UInt8(ascii: "."), place + 1 == bytes.count || bytes[place + 1] <= 0x20 else {
        return nil
      }
    }
    if numbersAreData, !isGrouped {
      var before = index
      while before > 0, bytes[before - 1] <= 0x20 { before -= 1 }
      guard before > 0 else { return nil }
      let byte = bytes[before - 1]
      if byte == UInt8(ascii: ",") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "[") || byte >= 0x7F {
        return nil
      }
    }
    return index..<place
  }

  private static func isIssued(_ digits: [UInt8]) -> Bool {
    let four = digits.prefix(4).reduce(0) { $0 * 10 + Int($1) }
    guard digits.count == 16 else { return 3_400...3_499 ~= four || 3_700...3_799 ~= four }
    switch four {
    case 4_000...4_999, 5_100...5_599, 2_221...2_720, 6_011, 6_440...6_599, 3_528...3_589: return true
    default: return false
    }
  }

  /// The check digit of ISO/IEC 7812-1.
  private static func passesLuhn(_ digits: [UInt8]) -> Bool {
    var sum = 0
    for (index, digit) in digits.reversed().enumerated() {
      let value = Int(digit) * (index % 2 == 1 ? 2 : 1)
      sum += value > 9 ? value - 9 : value
    }
    return sum % 10 == 0 && Set(digits).count > 1
  }

  /// An IBAN (ISO 13616) whose check digits begin at `index`, together or in groups of four.
  static func account(_ bytes: Span<UInt8>, at index: Int) -> Range<Int>? {
    guard index >= 2, SecretShapes.isUpper(bytes[index - 1]), SecretShapes.isUpper(bytes[index - 2]),
      index == 2 || !SecretShapes.isTokenByte(bytes[index - 3])
    else { return nil }
    let country = String(decoding: [bytes[index - 2], bytes[index - 1]], as: UTF8.self)
    guard let length = lengths[country] else { return nil }
    var text: [UInt8] = []
    var place = index - 2
    while place < bytes.count, text.count < length {
      let byte = bytes[place]
      if SecretShapes.isUpper(byte) || SecretShapes.isDigit(byte) {
        text.append(byte)
      } else if byte != 0x20 || text.count % 4 != 0 {
        break
      }
      place += 1
    }
    guard text.count == length, place == bytes.count || !SecretShapes.isAlphanumeric(bytes[place]) else {
      return nil
    }
    var remainder = 0
    for byte in text.dropFirst(4) + text.prefix(4) {
      let value = SecretShapes.isDigit(byte) ? Int(byte - 0x30) : Int(byte - 0x41) + 10
      remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
    }
    return remainder == 1 ? (index - 2)..<place : nil
  }

  private static let lengths: [String: Int] = [
    "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18,
    "EE": 20,
    "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26,
    "IT": 27,
    "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25,
    "RO": 24,
    "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "TR": 26, "UA": 29,
  ]
}
