# The declarations in the SYNOPSIS of manual pages, one a line: "page<TAB>declaration;". Aliases are installed from this, and
# tests/checks/manpages.sh compares it with the headers.
FNR == 1 {
    page = FILENAME
    sub(/.*\//, "", page)
    sub(/\.3$/, "", page)
}

FNR == 1 || /^\.SH/ {
    is_synopsis = $2 == "SYNOPSIS"
    text = ""
    next
}

is_synopsis && /^\.BI? / && !/#include/ {
    rest = substr($0, index($0, " ") + 1)
    while (rest != "") {
        end = index(substr(rest, 2), "\"")
        if (substr(rest, 1, 1) == "\"" && end > 0) {
            text = text substr(rest, 2, end - 1)
            rest = substr(rest, end + 2)
        } else {
            end = index(rest " ", " ")
            text = text substr(rest, 1, end - 1)
            rest = substr(rest, end)
        }
        sub(/^ +/, "", rest)
    }
    text = text " "
    if (text ~ /; $/) {
        gsub(/ +/, " ", text)
        sub(/ $/, "", text)
        print page "\t" text
        text = ""
    }
}
