package arithmetic

import (
	"fmt"
	"math/rand/v2"
)

func people() []string {
	return []string{
		"Amara", "Bilal", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hana", "Ivo", "Jun",
		"Kofi", "Leila", "Mateo", "Noor", "Oskar", "Priya", "Quentin", "Rosa", "Sanjay", "Tove",
		"Ursula", "Viktor", "Wanja", "Ximena", "Yusuf", "Zofia",
	}
}

// templates are the shapes of the problems; each draws its own numbers.
func templates() []func(*rand.Rand, string) problem {
	return []func(*rand.Rand, string) problem{
		bakery, bus, tank, cloth, book, savings, orchard, journey, stickers, theatre,
		kitchen, sale, workshop, fence, scores, ferry,
	}
}

func bakery(r *rand.Rand, who string) problem {
	trays, each := between(r, 6, 14), between(r, 12, 24)
	morning, noon := between(r, 15, 35), between(r, 10, 30)
	thing := pick(r, []string{"rolls", "pretzels", "muffins", "flatbreads"})
	return problem{
		fmt.Sprintf("%s bakes %d trays with %d %s on each. %d are sold in the morning and %d at noon. How many %s are left?",
			who, trays, each, thing, morning, noon, thing),
		[]step{
			{"baked " + thing, num(trays), times, num(each)},
			{"sold " + thing, num(morning), plus, num(noon)},
			{thing + " left", result(1), minus, result(2)},
		},
	}
}

func bus(r *rand.Rand, who string) problem {
	start, off, on := between(r, 22, 40), between(r, 5, 12), between(r, 3, 11)
	times2 := between(r, 2, 3)
	return problem{
		fmt.Sprintf("%s drives a bus with %d passengers. At the first stop %d get off and %d get on. At the second stop %d times as many get on as got on at the first, and nobody gets off. How many passengers are on the bus now?",
			who, start, off, on, times2),
		[]step{
			{"after those who leave", num(start), minus, num(off)},
			{"after the first stop", result(1), plus, num(on)},
			{"getting on at the second stop", num(times2), times, num(on)},
			{"passengers in the end", result(2), plus, result(3)},
		},
	}
}

func tank(r *rand.Rand, who string) problem {
	full, leak, hours := between(r, 20, 45)*10, between(r, 4, 9), between(r, 5, 14)
	buckets, litres := between(r, 3, 8), between(r, 6, 12)
	return problem{
		fmt.Sprintf("A tank on the farm of %s holds %d litres. It loses %d litres an hour for %d hours. Then %d buckets of %d litres each are poured in. How many litres are in the tank?",
			who, full, leak, hours, buckets, litres),
		[]step{
			{"litres lost", num(leak), times, num(hours)},
			{"litres remaining", num(full), minus, result(1)},
			{"litres poured in", num(buckets), times, num(litres)},
			{"litres in the tank", result(2), plus, result(3)},
		},
	}
}

func cloth(r *rand.Rand, who string) problem {
	metres, price, paid := between(r, 3, 9), between(r, 18, 58)*25, between(r, 15, 20)*10
	return problem{
		fmt.Sprintf("Linen costs %v dollars a metre. %s buys %d metres and pays with %d dollars. How many dollars of change are due?",
			amount(price), who, metres, paid),
		[]step{
			{"price of the linen", num(metres), times, cents(price)},
			{"change", num(paid), minus, result(1)},
		},
	}
}

func book(r *rand.Rand, who string) problem {
	days, perDay, rest := between(r, 4, 9), between(r, 14, 36), between(r, 3, 8)
	more := between(r, 12, 30)
	return problem{
		fmt.Sprintf("%s reads %d pages a day for %d days. The remaining pages of the book take %d days at %d pages a day. How many pages does the book have?",
			who, perDay, days, rest, more),
		[]step{
			{"pages of the first days", num(perDay), times, num(days)},
			{"remaining pages", num(rest), times, num(more)},
			{"pages of the book", result(1), plus, result(2)},
		},
	}
}

func savings(r *rand.Rand, who string) problem {
	weeks, wage, lunch := between(r, 6, 16), between(r, 40, 95), between(r, 11, 24)
	gift := between(r, 20, 80)
	return problem{
		fmt.Sprintf("%s earns %d dollars a week, spends %d of them on lunches and saves the rest. An aunt adds a gift of %d dollars once. How many dollars are saved after %d weeks?",
			who, wage, lunch, gift, weeks),
		[]step{
			{"saved in a week", num(wage), minus, num(lunch)},
			{"saved in all weeks", result(1), times, num(weeks)},
			{"savings with the gift", result(2), plus, num(gift)},
		},
	}
}

func orchard(r *rand.Rand, who string) problem {
	rows, trees, lost := between(r, 8, 18), between(r, 9, 16), between(r, 10, 28)
	kilos := between(r, 15, 40)
	return problem{
		fmt.Sprintf("%s planted %d rows of %d apple trees. A storm fells %d of them. Each of the others bears %d kilograms. How many kilograms are harvested?",
			who, rows, trees, lost, kilos),
		[]step{
			{"trees planted", num(rows), times, num(trees)},
			{"trees standing", result(1), minus, num(lost)},
			{"kilograms harvested", result(2), times, num(kilos)},
		},
	}
}

func journey(r *rand.Rand, who string) problem {
	v1, h1 := between(r, 12, 18)*5, between(r, 2, 5)
	v2, h2 := between(r, 10, 16)*5, between(r, 1, 4)
	detour := between(r, 6, 30)
	return problem{
		fmt.Sprintf("%s drives %d hours at %d km/h and %d hours at %d km/h. %d of these kilometres were a detour. How many kilometres long is the direct way?",
			who, h1, v1, h2, v2, detour),
		[]step{
			{"the first part", num(v1), times, num(h1)},
			{"the second part", num(v2), times, num(h2)},
			{"both parts", result(1), plus, result(2)},
			{"the direct way", result(3), minus, num(detour)},
		},
	}
}

func stickers(r *rand.Rand, who string) problem {
	friends, each, keeps := between(r, 3, 9), between(r, 7, 16), between(r, 5, 25)
	total := friends*each + keeps
	return problem{
		fmt.Sprintf("%s has %d stickers, keeps %d and shares the others equally among %d friends. How many stickers does each friend get?",
			who, total, keeps, friends),
		[]step{
			{"stickers to share", num(total), minus, num(keeps)},
			{"stickers for each", result(1), over, num(friends)},
		},
	}
}

func theatre(r *rand.Rand, who string) problem {
	adults, children := between(r, 3, 8), between(r, 5, 15)
	full, half := between(r, 14, 26), between(r, 6, 12)
	voucher := between(r, 10, 40)
	return problem{
		fmt.Sprintf("%s takes a group to the theatre: %d adults at %d dollars and %d children at %d dollars each. A voucher takes %d dollars off. What does the visit cost in dollars?",
			who, adults, full, children, half, voucher),
		[]step{
			{"for the adults", num(adults), times, num(full)},
			{"for the children", num(children), times, num(half)},
			{"together", result(1), plus, result(2)},
			{"with the voucher", result(3), minus, num(voucher)},
		},
	}
}

func kitchen(r *rand.Rand, who string) problem {
	grams, guests := between(r, 6, 15)*10, between(r, 12, 40)
	size, have := between(r, 1, 2)*125, between(r, 2, 3)
	return problem{
		fmt.Sprintf("A soup needs %d grams of lentils for each guest, and %s cooks for %d. There are %d bags of %d grams in the cupboard. How many grams must still be bought?",
			grams, who, guests, have, size),
		[]step{
			{"grams needed", num(grams), times, num(guests)},
			{"grams in the cupboard", num(have), times, num(size)},
			{"grams to buy", result(1), minus, result(2)},
		},
	}
}

func sale(r *rand.Rand, who string) problem {
	count, price, off := between(r, 2, 7), between(r, 3, 18)*10, between(r, 1, 9)*5
	thing := pick(r, []string{"lamps", "chairs", "jackets", "backpacks"})
	return problem{
		fmt.Sprintf("A shop takes %d%% off everything. %s buys %d %s whose full price is %d dollars each. How many dollars does %s pay?",
			off, who, count, thing, price, who),
		[]step{
			{"full price", num(count), times, num(price)},
			{"discount", num(off), percent, result(1)},
			{"to pay", result(1), minus, result(2)},
		},
	}
}

func workshop(r *rand.Rand, who string) problem {
	machines, rate, hours := between(r, 3, 9), between(r, 14, 32), between(r, 5, 10)
	bad := between(r, 2, 12) * 5
	return problem{
		fmt.Sprintf("The workshop of %s has %d machines that each cut %d gears an hour and run for %d hours. %d gears fail the inspection. How many pass?",
			who, machines, rate, hours, bad),
		[]step{
			{"gears an hour", num(machines), times, num(rate)},
			{"gears in all", result(1), times, num(hours)},
			{"gears that pass", result(2), minus, num(bad)},
		},
	}
}

func fence(r *rand.Rand, who string) problem {
	length, width, price := between(r, 14, 38), between(r, 9, 27), between(r, 6, 19)
	gate := between(r, 2, 4)
	return problem{
		fmt.Sprintf("%s fences a rectangular field of %d by %d metres and leaves a gap of %d metres for a gate. A metre of fence costs %d dollars. What does the fence cost in dollars?",
			who, length, width, gate, price),
		[]step{
			{"length and width", num(length), plus, num(width)},
			{"all around", num(2), times, result(1)},
			{"without the gate", result(2), minus, num(gate)},
			{"price of the fence", result(3), times, num(price)},
		},
	}
}

func scores(r *rand.Rand, who string) problem {
	mean, games := between(r, 52, 80), between(r, 3, 6)
	sum := mean * (games + 1)
	last := mean + between(r, -25, 20)
	already := sum - last
	return problem{
		fmt.Sprintf("%s scored %d points altogether in %d games and %d in the next one. What is the average number of points a game?",
			who, already, games, last),
		[]step{
			{"points", num(already), plus, num(last)},
			{"games", num(games), plus, num(1)},
			{"average", result(1), over, result(2)},
		},
	}
}

func ferry(r *rand.Rand, who string) problem {
	cars, lorries, weight := between(r, 14, 30), between(r, 3, 8), between(r, 7, 14)
	limit := between(r, 35, 48) * 5
	carWeight := 2
	return problem{
		fmt.Sprintf("A ferry may carry %d tonnes. %s lets %d cars of %d tonnes and %d lorries of %d tonnes on board. How many tonnes may still be loaded?",
			limit, who, cars, carWeight, lorries, weight),
		[]step{
			{"tonnes of cars", num(cars), times, num(carWeight)},
			{"tonnes of lorries", num(lorries), times, num(weight)},
			{"tonnes on board", result(1), plus, result(2)},
			{"tonnes that remain", num(limit), minus, result(3)},
		},
	}
}
